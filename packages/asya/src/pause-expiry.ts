import type { JsonObject } from "@holdpoint/core";
import { exactNumber, isJsonNumber, isJsonObject } from "@holdpoint/core/json";
import * as v from "valibot";

import { decisionField, isApproving } from "./pause-decisions.ts";
import type { PauseMetadata } from "./pause-metadata.ts";

/** Until when a task waits, and what happens then. */
export interface PauseExpiry {
  readonly at: Date;
  /** `cancel`, or the input of the answer that then counts. */
  readonly onExpiry: "cancel" | JsonObject;
}

// https://tc39.es/ecma262/#sec-time-values-and-time-range
const maxDateMs = 8.64e15;

export const expiryEntries = {
  expires_in: v.optional(
    v.custom<number>((value) => secondsOf(value) !== undefined, "expected the seconds to wait, more than 0"),
  ),
  on_expiry: v.optional(
    v.custom<"cancel" | JsonObject>(
      (value) => value === "cancel" || isJsonObject(value),
      'expected "cancel", or an object with the input that then counts',
    ),
  ),
  allow_on_expiry: v.optional(v.string("expected the name of a decision")),
};

/** What is wrong with an expiry that each of its parts does not show. */
export function expiryViolations(metadata: PauseMetadata): readonly string[] {
  const { expires_in, on_expiry, allow_on_expiry, decisions } = metadata;
  if (on_expiry === undefined) return [];
  if (expires_in === undefined) return ["on_expiry: it needs expires_in"];
  if (!isJsonObject(on_expiry) || decisions === undefined) return [];
  const decision = on_expiry[decisionField];
  const approving = isApproving(decision, metadata);
  if (approving === false || (typeof decision === "string" && decision === allow_on_expiry)) return [];
  const name = JSON.stringify(decision) ?? "no decision";
  return approving === true
    ? [`on_expiry: ${name} approves although nobody has answered; say "allow_on_expiry": ${name} if that is meant`]
    : [`on_expiry: nobody says whether ${name} approves; say so with the decision, as {"name", "approving"}`];
}

/**
 * Until when a task waits that was paused at a time; `undefined` where it waits for ever. What another program has stored
 * and cannot be used is as good as nothing, and so is an answer that approves where nobody has allowed that.
 */
export function expiryOf(metadata: PauseMetadata, pausedAt: string | null): PauseExpiry | undefined {
  if (expiryViolations(metadata).length > 0) return undefined;
  const { expires_in, on_expiry } = metadata;
  const seconds = secondsOf(expires_in);
  const atMs = Date.parse(pausedAt ?? "") + (seconds ?? Number.NaN) * 1_000;
  if (!(atMs <= maxDateMs)) return undefined;
  return { at: new Date(atMs), onExpiry: isJsonObject(on_expiry) ? on_expiry : "cancel" };
}

function secondsOf(value: unknown): number | undefined {
  const seconds = isJsonNumber(value) ? Number(exactNumber(value)) : Number.NaN;
  return seconds > 0 && seconds * 1_000 <= maxDateMs ? seconds : undefined;
}
