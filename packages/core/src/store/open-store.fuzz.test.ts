import fc from "fast-check";
import { expect, test } from "vitest";

import { secret, strangeStoreUrls } from "../../test/strange-store-urls.ts";
import { fileBackend } from "../drivers/file/file-store.ts";
import { memoryBackend } from "../drivers/memory-store.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { openStore } from "./open-store.ts";

async function refusal(attempt: () => Promise<unknown>): Promise<CheckpointError | undefined> {
  try {
    await attempt();
  } catch (error) {
    if (!CheckpointError.is(error)) throw error;
    return error;
  }
  return undefined;
}

test("a URL of an unknown scheme is refused, and shows no password", async () => {
  await fc.assert(
    fc.asyncProperty(strangeStoreUrls(["acme", "ACME", "http", "nats+tls", "a.b-c"], []), async (url) => {
      const error = await refusal(() => openStore(url));
      expect(error?.code).toBe("invalid-argument");
      expect(error?.message).not.toContain(secret);
    }),
  );
});

test.each([fileBackend, memoryBackend])("$name: a URL is read or refused, and shows no password", (backend) => {
  fc.assert(
    fc.property(strangeStoreUrls(backend.schemes, []), (url) => {
      fc.pre(URL.canParse(url));
      try {
        backend.parseUrl(new URL(url), {});
      } catch (error) {
        if (!CheckpointError.is(error)) throw error;
        expect(error.code).toBe("invalid-argument");
        expect(error.message).not.toContain(secret);
      }
    }),
    { numRuns: 500 },
  );
});

test("numbers among the options are numbers that the store takes, or are refused", async () => {
  const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, "1", Number.NaN));
  const options = fc.record({ timeoutMs: number, attemptTimeoutMs: number, maxAttempts: number }, { requiredKeys: [] });
  await fc.assert(
    fc.asyncProperty(options, async (given) => {
      const error = await refusal(async () => (await openStore("memory:", given as object)).close());
      const isRight = (value: unknown): boolean =>
        Number.isInteger(value) && Number(value) >= 1 && Number(value) < 2 ** 31;
      expect(error?.code).toBe(Object.values(given).every(isRight) ? undefined : "invalid-argument");
    }),
  );
});
