import { isJsonObject, isSameJson } from "@holdpoint/core/json";
import * as v from "valibot";

import type { PauseDecision, PauseField, PauseMetadata } from "./pause-metadata.ts";

/** The field, and the name in a person's input, that says how they decided. */
export const decisionField = "decision";

const meanings: ReadonlyMap<string, boolean> = new Map([
  ["approve", true],
  ["edit", true],
  ["reject", false],
  ["respond", false],
]);

const name = v.pipe(v.string("expected a decision's name"), v.nonEmpty("expected a name that is not empty"));

export const decisionsSchema = v.pipe(
  v.array(
    v.union(
      [
        name,
        v.looseObject({
          name,
          label: v.optional(v.string("expected text")),
          approving: v.optional(v.boolean("expected true or false")),
        }),
      ],
      "expected a decision's name, or an object with name, label and approving",
    ),
    "expected a list of decisions",
  ),
  v.minLength(1, "expected at least one decision"),
  v.check(
    (decisions) => new Set(decisions.map(nameOf)).size === decisions.length,
    "expected names that differ from one another",
  ),
);

/** Whether a decision approves; `undefined` where nobody says so, or there is no such decision. */
export function isApproving(wanted: unknown, { decisions }: PauseMetadata): boolean | undefined {
  // Of a document that another program wrote, they may be anything.
  const known: readonly (string | PauseDecision)[] = Array.isArray(decisions) ? decisions : [];
  const decision = known.find((each) => nameOf(each) === wanted);
  if (decision === undefined) return undefined;
  const said = typeof decision === "string" ? undefined : decision.approving;
  return said ?? meanings.get(nameOf(decision));
}

/**
 * The same question with a field for its decisions, which every x-resume and every gateway knows how to ask for. A field
 * of that name that is there already stays.
 */
export function withDecisionField(metadata: PauseMetadata): PauseMetadata {
  const { decisions } = metadata;
  // Authors in JavaScript may hand in anything, or leave out what has to be there.
  const fields: readonly PauseField[] = Array.isArray(metadata.fields) ? metadata.fields : [];
  if (!Array.isArray(decisions) || decisions.length === 0 || fields.some((field) => field.name === decisionField)) {
    return metadata;
  }
  const field: PauseField = { name: decisionField, type: "string", options: decisions.map(nameOf) };
  return { ...metadata, fields: [field, ...fields] };
}

/** What is wrong with decisions beside a field that has their name. */
export function decisionViolations({ decisions, fields }: PauseMetadata): readonly string[] {
  const field = fields.find((each) => each.name === decisionField);
  if (decisions === undefined || field === undefined) return [];
  const isSame = isSameJson(field.options, decisions.map(nameOf));
  return isSame ? [] : [`decisions: a field with the name ${decisionField} is declared too, with other choices`];
}

function nameOf(decision: string | PauseDecision): string {
  return isJsonObject(decision) ? decision.name : decision;
}
