import { strictEqual } from "node:assert/strict";

import type { ConformanceCase } from "../conformance-case.ts";
import { binaryNoiseOf, bodyOf, noiseOf } from "../expect/body-of.ts";
import { expectSameBytes, expectStored } from "../expect/expect-body.ts";

// Each is something that a layer which takes bytes for text, or text for something else, is known to change.
const delicateBodies: readonly (readonly [name: string, body: Uint8Array])[] = [
  ["a byte order mark", Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d)],
  ["a UTF-16 byte order mark", Uint8Array.of(0xff, 0xfe, 0x7b, 0x00)],
  ["line ends of all kinds", bodyOf("a\r\nb\nc\rd\r\n\r\n")],
  ["invalid UTF-8", Uint8Array.of(0xc3, 0x28, 0xff, 0xfe, 0x80, 0xed, 0xa0, 0x80)],
  ["zeros", new Uint8Array(64)],
  ["space around", bodyOf(" \t value \n ")],
  ["the word null", bodyOf("null")],
  ["a number", bodyOf("1e3")],
  ["a quoted string", bodyOf('"quoted"')],
  ["percent escapes", bodyOf("%00%2F%25+%")],
  ["text like base64", bodyOf("aGVsbG8=")],
  ["the start of a gzip file", Uint8Array.of(0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00)],
  ["unnormalised letters", bodyOf("e\u0301 \u00e9 \u212b")],
];

export const bytesCases: readonly ConformanceCase[] = [
  {
    id: "bytes/every-value",
    breaks: "Binary payloads come back damaged.",
    async run({ store }) {
      const body = Uint8Array.from({ length: 512 }, (_, index) => (index < 256 ? index : 511 - index));
      await store.put("every", body);
      await expectStored(store, "every", body);
    },
  },
  {
    id: "bytes/delicate",
    breaks: "A layer that takes the body for text changes it, and a signature or a digest no longer fits.",
    async run({ store }) {
      await Promise.all(delicateBodies.map(([name, body]) => store.put(`delicate/${name}`, body)));
      await Promise.all(delicateBodies.map(([name, body]) => expectStored(store, `delicate/${name}`, body)));
    },
  },
  {
    id: "bytes/large-binary",
    breaks: "An attached image comes back damaged.",
    async run({ store, settings }) {
      const body = binaryNoiseOf(Math.min(300_000, settings.bodyCapBytes, store.capabilities.maxBodyBytes));
      await store.put("image", body);
      await expectStored(store, "image", body);
    },
  },
  {
    id: "bytes/given-array-is-not-kept",
    breaks: "An actor that reuses its buffer silently changes a message that it has already stored.",
    async run({ store }) {
      // `slice` copies a Uint8Array, but not a Buffer, which is one too.
      for (const body of [bodyOf("as it was given"), Buffer.from("as it was given")]) {
        await store.put("key", body);
        body.fill(0x78);
        await expectStored(store, "key", bodyOf("as it was given"));
      }
    },
  },
  {
    id: "bytes/given-array-is-not-changed",
    breaks: "An actor finds its own buffer changed after it has stored it.",
    async run({ store }) {
      const body = noiseOf(5000);
      const before = body.slice();
      await store.put("key", body);
      expectSameBytes("after put, the array that was given", body, before);
    },
  },
  {
    id: "bytes/returned-array-is-the-callers-own",
    breaks: "An actor that changes a message it has read changes it for everybody else, without a write.",
    async run({ store }) {
      await store.put("key", Buffer.from("as it was stored"));
      const [first, second] = await Promise.all([store.get("key"), store.get("key")]);
      first?.body.fill(0x78);
      if (second !== null) expectSameBytes("what another get had returned", second.body, bodyOf("as it was stored"));
      await expectStored(store, "key", bodyOf("as it was stored"));
    },
  },
  {
    id: "bytes/view-of-a-larger-array",
    breaks: "What lies beside the message in memory, for example another tenant's, is stored with it.",
    async run({ store }) {
      const larger = bodyOf("secret|the value|secret");
      await store.put("view", larger.subarray(7, 16));
      await expectStored(store, "view", bodyOf("the value"));
      // Small Buffers are views of a pool that the whole process shares.
      await store.put("pooled", Buffer.from("pooled"));
      await expectStored(store, "pooled", bodyOf("pooled"));
    },
  },
  {
    id: "bytes/returned-array-can-be-a-buffer-source",
    breaks: "Code that decodes what it has read fails, or sees more than the value.",
    async run({ store }) {
      await store.put("key", bodyOf("grün"));
      const found = await store.get("key");
      strictEqual(new TextDecoder("utf-8", { fatal: true }).decode(found?.body), "grün");
    },
  },
];
