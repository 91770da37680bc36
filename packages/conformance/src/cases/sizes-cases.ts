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
