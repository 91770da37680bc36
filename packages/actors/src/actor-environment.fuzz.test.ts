import { redactCredentials } from "@holdpoint/core";
import fc from "fast-check";
import { expect, test } from "vitest";

import { secret, strangeStoreUrls } from "../../core/test/strange-store-urls.ts";
import { inspectActorEnvironment, readActorEnvironment, readStoreSetting } from "./actor-environment.ts";
import { ActorSetupError } from "./setup-error.ts";

/** Whether a password stands where only a value that may be shown can stand. */
const isShown = (url: string): boolean => /[?&](?:timeoutMs|maxAttempts|constructor|endpoint)=/u.test(url);

const schemes = ["redis", "rediss", "s3", "minio", "nats", "gs", "file", "memory", "acme"];
const urls = strangeStoreUrls(schemes, ["password", "endpoint", "token"]).filter((url) => !isShown(url));
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 10 }),
  fc.string({ unit: "binary", minLength: 70, maxLength: 200 }),
  fc.constantFrom("", " ", "0", "1", "-1", "true", "false", "off", "shallow", "deep", "strict", "5m", "720h", "1e3"),
  fc.constantFrom("/", "..", "/a/../b", "a\0b", "a\r\nb", "\u{1f6d1}", "\ud800", "runtime-ready", "0o777", "0999"),
  fc.constantFrom("{}", "[]", '{"fields":[{"name":"__proto__"}]}', '{"prompt":1}', "{", "9".repeat(400), "0.0000001ns"),
  fc.constant(`${"[".repeat(5_000)}${"]".repeat(5_000)}`),
);
const environments = fc.record(
  {
    ASYA_CHECKPOINT_STORE: urls,
    ASYA_PERSISTENCE_MOUNT: fc.oneof(text, urls),
    ASYA_PAUSE_METADATA: text,
    ASYA_RESUME_MERGE_MODE: text,
    ASYA_RESUME_VALIDATION: text,
    ASYA_CHECKPOINT_RETENTION: text,
    ASYA_ACTOR_NAME: text,
    ASYA_SOCKET_DIR: text,
    ASYA_SOCKET_NAME: text,
    ASYA_SOCKET_CHMOD: text,
    ASYA_RESILIENCY_ACTOR_TIMEOUT: text,
    ASYA_IS_END_ACTOR: text,
  },
  { requiredKeys: [] },
);

test("an environment is read, or every variable that is wrong is named on a line of its own; no password is shown", () => {
  fc.assert(
    fc.property(environments, (environment) => {
      const { settings, problems } = inspectActorEnvironment(environment);
      expect(settings.store?.shown ?? "").not.toContain(secret);
      const { socketDirectory, socketName, socketMode, actorTimeoutMs, retentionMs } = settings;
      expect(socketDirectory).toMatch(/^\//u);
      expect(socketName).not.toMatch(/\/|^\.\.?$|^runtime-ready$/u);
      expect([socketMode >= 0, socketMode <= 0o7777]).toEqual([true, true]);
      expect([actorTimeoutMs > 0, Number.isFinite(actorTimeoutMs)]).toEqual([true, true]);
      expect(Number.isSafeInteger(retentionMs ?? 1)).toBe(true);
      expect(() => readActorEnvironment(environment)).toSatisfy((read: () => unknown) => {
        try {
          read();
          return problems.length === 0 && settings.store !== undefined;
        } catch (error) {
          if (!(error instanceof ActorSetupError)) throw error;
          expect(error.message).not.toContain(secret);
          for (const { variable, found } of problems) {
            expect(error.message).toContain(`- ${variable}: found ${found}`);
            expect(found).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
          }
          return problems.length > 0;
        }
      });
    }),
    { numRuns: 1_500 },
  );
});

test("a store's setting is a problem that names the variable, or one that shows no password", () => {
  fc.assert(
    fc.property(fc.constantFrom("ASYA_CHECKPOINT_STORE", "ASYA_PERSISTENCE_MOUNT"), urls, (variable, url) => {
      try {
        expect(readStoreSetting({ [variable]: url }).shown).not.toContain(secret);
      } catch (error) {
        if (!(error instanceof ActorSetupError)) throw error;
        expect(error.message).not.toContain(secret);
        expect(error.message).toContain(variable);
      }
    }),
    { numRuns: 1_500 },
  );
});

test("text around a URL shows no password of it", () => {
  const escaped = urls.filter((url) => URL.canParse(url) && new URL(url).password === secret);
  fc.assert(
    fc.property(escaped, (url) => {
      const shown = redactCredentials(`cannot connect to ${url}: refused`);
      expect(shown.replace(/[?#&][^]*/u, "")).not.toContain(secret);
    }),
    { numRuns: 300 },
  );
});
