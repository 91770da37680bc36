import type { JsonObject } from "@holdpoint/core";
import { createMemoryStore } from "@holdpoint/core";
import { canonicalJson, isCanonical, parseLosslessJson } from "@holdpoint/core/json";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { pauseEnvelope } from "../test/ledger-fixture.ts";
import { createPauseLedger } from "./create-pause-ledger.ts";
import { decodeDocument, encodeDocument } from "./document-codec.ts";
import { pauseMark } from "./message-identity.ts";

// As version 1 of the format has them: what was paused then is known again by them.
describe.each([
  { repeated: 1, digest: "9c50297a344fa22a8b71acc9f791d0ed" },
  { repeated: 200_000, digest: "c8d5ccfc62a9eb96b88ffe77f28d948b" },
])("the digest of a message whose text is repeated $repeated times", ({ repeated, digest }) => {
  const note = "größer".repeat(repeated);
  it.each([
    { order: "in order", payload: { amount: 12.5, note, parts: [{ index: 0, text: 'a"b' }] } },
    { order: "in another order", payload: { parts: [{ text: 'a"b', index: 0 }], note, amount: 12.5 } },
  ])("stays what it was, with names $order", async ({ payload }) => {
    await using store = await createMemoryStore();
    const ledger = createPauseLedger(store);
    const headers = { traceparent: "00-1", "x-asya-deadline-at": "2026-01-01T00:00:00Z" };
    const { key } = await ledger.pause(pauseEnvelope({ headers, payload }));
    const stored = parseLosslessJson(new TextDecoder().decode((await store.get(key))?.body)) as JsonObject;
    expect(stored).toMatchObject({ _holdpoint: { point: { mark: { digest } } } });
    // With its names as they came.
    expect(JSON.stringify(stored["payload"]) === JSON.stringify(payload)).toBe(true);
    const again = { parts: [{ text: 'a"b', index: 0 }], amount: 12.5, note };
    await expect(ledger.pause(pauseEnvelope({ headers, payload: again }))).resolves.toMatchObject({
      outcome: "already-paused",
    });
  });
});

it("a payload that was written before gives the same digest and the same document, as text or as bytes", () => {
  const payloads = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue());
  fc.assert(
    fc.property(payloads, fc.string({ unit: "binary" }), (value, id) => {
      const payload = JSON.parse(canonicalJson(value)) as JsonObject;
      fc.pre(isCanonical(payload));
      const envelope = pauseEnvelope({ id, payload });
      const text = JSON.stringify(payload);
      const mark = pauseMark(envelope);
      for (const payloadJson of [text, Buffer.from(text)]) {
        expect(pauseMark(envelope, payloadJson)).toEqual(mark);
        const document = decodeDocument(Buffer.from(JSON.stringify(envelope)), id, memory, undefined);
        if (document.state !== "paused") throw new Error(document.state);
        expect(encodeDocument({ ...document, payloadJson })).toEqual(encodeDocument(document));
      }
    }),
  );
});

const memory = { backend: "memory", location: "memory:" };
