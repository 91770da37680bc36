import fc from "fast-check";
import { expect, test } from "vitest";

import { impatient, isOnlyCredential, readOrRefuse, refusalToOpen } from "../../core/test/keeps-secret.ts";
import { secret, strangeEnvironment, strangeStoreUrls } from "../../core/test/strange-store-urls.ts";
import { assertBucketName, normalizeEndpoint, normalizePrefix, parseGcsUrl } from "./gcs-options.ts";
import { backend } from "./index.ts";

const urls = strangeStoreUrls(backend.schemes, ["endpoint", "projectId", "unsafeAllowMissingPreconditions"]).filter(
  (url) => URL.canParse(url),
);
const environments = strangeEnvironment(["STATE_BUCKET", "STATE_PREFIX", "GCS_PROJECT", "STORAGE_EMULATOR_HOST"]);

test("a URL and an environment are read or refused, and neither the error nor what is made of it shows a password", () => {
  fc.assert(
    fc.property(urls, environments, (url, environment) => {
      const options = readOrRefuse(() => parseGcsUrl(new URL(url), environment));
      if (options === undefined || !isOnlyCredential(new URL(url), environment)) return;
      const { bucket, prefix = "", endpoint = "127.0.0.1:1" } = options;
      expect(`${bucket} ${prefix}`).not.toContain(secret);
      readOrRefuse(() => assertBucketName(bucket));
      readOrRefuse(() => normalizePrefix(prefix));
      // An endpoint is shown as a part of the location.
      expect(readOrRefuse(() => normalizeEndpoint(endpoint)) ?? "").not.toContain(secret);
    }),
    { numRuns: 3_000 },
  );
});

test("a prefix and an endpoint are the same once they are normalized", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 10 }),
    fc.constantFrom("a/", "/a//b/", "..", "a/../b", "\ud800"),
  );
  const endpoint = fc.oneof(
    text,
    fc.webUrl(),
    fc.constantFrom("localhost:4443", "http://h/storage/v1/", "http://u:p@h", "ftp://h"),
  );
  fc.assert(
    fc.property(text, endpoint, (prefix, address) => {
      const normalizedPrefix = readOrRefuse(() => normalizePrefix(prefix));
      if (normalizedPrefix !== undefined) expect(normalizePrefix(normalizedPrefix)).toBe(normalizedPrefix);
      const normalized = readOrRefuse(() => normalizeEndpoint(address));
      if (normalized !== undefined) expect(normalizeEndpoint(normalized)).toBe(normalized);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  ["gs://bucket/team-a?endpoint=http://127.0.0.1:1", "unavailable"],
  [`gs://bucket?endpoint=http://user:${secret}@127.0.0.1:1`, "invalid-argument"],
  [`gs://bucket?endpoint=user:${secret}@127.0.0.1:1`, "invalid-argument"],
  [`gs://bucket?endpoint=http://127.0.0.1:1/?key=${secret}`, "invalid-argument"],
])("%s, where no server is, is %s, and shows no password", async (url, code) => {
  const options = parseGcsUrl(new URL(url), {});
  expect(await refusalToOpen(() => backend.open({ ...options, ...impatient }))).toBe(code);
});
