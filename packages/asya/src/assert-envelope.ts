import type { JsonObject } from "@holdpoint/core";
import { isJsonObject, isNestedDeeper } from "@holdpoint/core/json";
import * as v from "valibot";

import { maxMessageLevels } from "./message-nesting.ts";
import type { Envelope } from "./envelope.ts";
import { LedgerError } from "./ledger-error.ts";

const jsonObject = v.pipe(
  v.custom<JsonObject>(isJsonObject, "expected a JSON object"),
  v.check(
    (value) => !isNestedDeeper(value, maxMessageLevels),
    `expected an object that is not nested more than ${maxMessageLevels} levels deep`,
  ),
);
const names = v.array(v.string("expected an actor's name"), "expected a list of actors");

const envelopeSchema = v.object(
  {
    id: v.pipe(v.string("expected the message's id"), v.nonEmpty("expected an id that is not empty")),
    parent_id: v.nullish(v.string("expected an id")),
    route: v.object(
      { prev: names, curr: v.string("expected an actor's name"), next: names },
      "expected prev, curr and next",
    ),
    headers: v.nullish(jsonObject),
    status: v.nullish(jsonObject),
    payload: jsonObject,
  },
  "expected a JSON object",
);

/** An envelope whose payload is known to be an object. */
export interface ObjectEnvelope extends Envelope {
  readonly payload: JsonObject;
}

/**
 * Checks an envelope and returns it without the optional parts that are `null`.
 *
 * @param purpose what the message was to do, for the error
 * @throws {LedgerError} `invalid-message` with every violation
 */
export function assertEnvelope(envelope: unknown, purpose: string): ObjectEnvelope {
  const result = v.safeParse(envelopeSchema, envelope);
  if (result.success) {
    const { id, route, payload, parent_id, headers, status } = result.output;
    return {
      id,
      route,
      payload,
      parent_id: parent_id ?? undefined,
      headers: headers ?? undefined,
      status: status ?? undefined,
    };
  }
  const id = isJsonObject(envelope) && typeof envelope["id"] === "string" ? envelope["id"] : undefined;
  const violations = result.issues.map((issue) => `${v.getDotPath(issue) ?? "the message"}: ${issue.message}`);
  throw new LedgerError(
    "invalid-message",
    `The message ${JSON.stringify(id ?? null)} cannot ${purpose}: ${violations.join("; ")}.`,
    id,
  );
}
