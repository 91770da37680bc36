import { deepStrictEqual, strictEqual } from "node:assert/strict";

import type { ConformanceCase } from "../conformance-case.ts";
import { bodyOf, noiseOf } from "../expect/body-of.ts";
import { expectMissing, expectStored } from "../expect/expect-body.ts";
import { expectRejection } from "../expect/expect-rejection.ts";
import { expectUnchanged } from "../expect/expect-unchanged.ts";
import { withoutRequest } from "../expect/without-request.ts";

export const sizesCases: readonly ConformanceCase[] = [
  {
    id: "sizes/around-powers-of-two",
    breaks: "Messages of certain sizes are cut or refused, because a buffer, a chunk or a frame ends there.",
    async run({ store, settings }) {
      const limit = Math.min(settings.bodyCapBytes, store.capabilities.maxBodyBytes);
      const around = [2, 1024, 4096, 65_536, 131_072, 1_048_576].flatMap((size) => [size - 1, size, size + 1]);
      for (const size of around.filter((candidate) => candidate <= limit)) {
        const body = noiseOf(size, size);
        await store.put("sized", body);
        await expectStored(store, "sized", body);
      }
    },
  },
  {
    id: "sizes/at-the-limit",
    breaks: "A message of the size that the store declares is refused, or comes back damaged.",
    async run({ store, settings }) {
      const body = noiseOf(Math.min(settings.bodyCapBytes, store.capabilities.maxBodyBytes));
      const { version } = await store.put("largest", body, { ifAbsent: true });
      await expectUnchanged(store, "largest", body, version);
      await store.put("largest", bodyOf("small again"), { ifVersion: version });
      await expectStored(store, "largest", bodyOf("small again"));
    },
  },
  {
    id: "sizes/up-to-what-is-wanted",
    breaks: "A process with little memory is ended by a message whose size it could not know before.",
    async run({ store, settings }) {
      strictEqual(await store.get("sized", { maxBytes: 0 }), null, "a get with maxBytes of what was never there");
      const limit = Math.min(settings.bodyCapBytes, store.capabilities.maxBodyBytes);
      // The last one is more than one message, chunk or packet anywhere.
      for (const size of [0, 1, 300, 1024, 65_536, 200_000, 3 * 1024 * 1024].map((each) => Math.min(each, limit))) {
        const { version } = await store.put("sized", noiseOf(size, size));
        const plain = await expectStored(store, "sized", noiseOf(size, size));
        for (const durable of [false, true]) {
          for (const maxBytes of [size, size + 1, size + 1000, Number.MAX_SAFE_INTEGER]) {
            const found = await store.get("sized", { maxBytes, durable });
            deepStrictEqual(
              found,
              plain,
              `a get of ${size} bytes with maxBytes ${maxBytes} must find what a plain one does`,
            );
          }
          for (const maxBytes of new Set([size - 1, size - 200, Math.floor(size / 2), 0])) {
            if (maxBytes < 0 || maxBytes >= size) continue;
            const what = `a get of ${size} bytes with maxBytes ${maxBytes}`;
            const error = await expectRejection(what, "too-large", () => store.get("sized", { maxBytes, durable }));
            strictEqual(error.sizeBytes, size, "sizeBytes must be the size of the body");
            // There is none where only the whole body tells it.
            strictEqual(error.version ?? version, version, "version must be the one that put has returned");
            strictEqual(error.retryable, false, "retryable: the same call would fail again");
          }
        }
        await expectUnchanged(store, "sized", noiseOf(size, size), version);
      }
      await withoutRequest("a size that is none", async () => {
        for (const maxBytes of [-1, 1.5, Number.NaN, Infinity]) {
          await expectRejection(`a get with maxBytes ${maxBytes}`, "invalid-argument", () =>
            store.get("sized", { maxBytes }),
          );
        }
      });
    },
  },
  {
    id: "sizes/over-the-limit",
    breaks:
      "A message that is too large is stored cut, or fails late with an error of the server that nobody understands.",
    async run({ store }) {
      const body = new Uint8Array(store.capabilities.maxBodyBytes + 1);
      const { version } = await store.put("present", bodyOf("a"));
      await withoutRequest("a body over the limit", async () => {
        await expectRejection("put of one byte too much", "too-large", () => store.put("absent", body));
        await expectRejection("put of one byte too much", "too-large", () =>
          store.put("absent", body, { ifAbsent: true }),
        );
        await expectRejection("put of one byte too much", "too-large", () =>
          store.put("present", body, { ifVersion: version }),
        );
      });
      await expectMissing(store, "absent");
      await expectUnchanged(store, "present", bodyOf("a"), version);
    },
  },
];
