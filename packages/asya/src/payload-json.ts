import type { JsonObject } from "@holdpoint/core";
import { isCanonical } from "@holdpoint/core/json";

/** A payload as JSON; as bytes if it is long. */
export type PayloadJson = string | Buffer;

// A longer text would be copied each time that it is put together with others and made bytes. A shorter one is not worth
// what it takes to hash and to join bytes piece by piece.
const longText = 256 * 1_024;

/**
 * The payload's JSON, where the document and the digest have the same: with names in order, as Go writes every map. To
 * write a large payload takes longer than everything else that is done with it.
 */
export function canonicalPayload(payload: JsonObject): PayloadJson | undefined {
  if (!isCanonical(payload)) return undefined;
  const text = JSON.stringify(payload);
  return text.length < longText ? text : Buffer.from(text);
}

/**
 * What stands before and after a payload in the JSON of an object that has the members of one object before it and those
 * of another after it.
 *
 * @param start the first object as JSON, with at least one member
 * @param end the second, with at least one member
 */
export function aroundPayload(start: string, end: string): { readonly before: string; readonly after: string } {
  return { before: `${start.slice(0, -1)},"payload":`, after: `,${end.slice(1)}` };
}
