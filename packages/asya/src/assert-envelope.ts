import type { JsonObject } from "@holdpoint/core";
import { exactJson, isJsonObject, isNestedDeeper } from "@holdpoint/core/json";
import * as v from "valibot";

import { maxMessageLevels } from "./message-nesting.ts";
import type { Envelope } from "./envelope.ts";
import { LedgerError } from "./ledger-error.ts";
import type { PauseMetadata } from "./pause-metadata.ts";

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
  if (!result.success) {
    const id = isJsonObject(envelope) && typeof envelope["id"] === "string" ? envelope["id"] : undefined;
    throw unusable(
      id,
      purpose,
      result.issues.map((issue) => `${v.getDotPath(issue) ?? "the message"}: ${issue.message}`),
    );
  }
  const { id, route, parent_id, headers, status, payload } = result.output;
  const problems: string[] = [];
  const exact = {
    id,
    route,
    payload: exactObject(payload, "payload", problems),
    parent_id: parent_id ?? undefined,
    headers: headers == null ? undefined : exactObject(headers, "headers", problems),
    status: status == null ? undefined : exactObject(status, "status", problems),
  };
  if (problems.length > 0) throw unusable(id, purpose, asRefusal(problems));
  return exact;
}

/**
 * Checks what a person is to be asked, and returns it as JSON holds it.
 *
 * @throws {LedgerError} `invalid-message`
 */
export function assertMetadata(metadata: PauseMetadata, id: string): PauseMetadata {
  const deep = `expected an object that is not nested more than ${maxMessageLevels} levels deep`;
  if (isNestedDeeper(metadata, maxMessageLevels)) throw unusable(id, "be paused", [`the pause metadata: ${deep}`]);
  const problems: string[] = [];
  const exact = exactObject(metadata, "the pause metadata", problems);
  if (problems.length > 0) throw unusable(id, "be paused", asRefusal(problems));
  return exact as PauseMetadata;
}

/** What JSON cannot hold would be lost or changed in the store, and nobody would know. */
function exactObject(value: JsonObject, path: string, problems: string[]): JsonObject {
  return exactJson(value, path, (problem) => problems.push(problem)) as JsonObject;
}

function asRefusal(problems: readonly string[]): readonly string[] {
  const more = problems.length > maxNamed ? [`and ${problems.length - maxNamed} more`] : [];
  return [...problems.slice(0, maxNamed), ...more, "JSON cannot hold that; expected what JSON.parse can return"];
}

function unusable(id: string | undefined, purpose: string, violations: readonly string[]): LedgerError {
  return new LedgerError(
    "invalid-message",
    `The message ${JSON.stringify(id ?? null)} cannot ${purpose}: ${violations.join("; ")}.`,
    id,
  );
}

const maxNamed = 10;
