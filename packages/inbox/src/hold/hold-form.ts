import type { HoldAnswer, HoldDetails } from "@holdpoint/core/holds";

import type { FormControl } from "../form/form-control.ts";
import { controlsOfFields, controlsOfSchema } from "../form/controls-of.ts";
import { readControls } from "../form/read-controls.ts";
import type { Viewer } from "../viewer.ts";
import { formPurpose } from "../viewer.ts";

/** What somebody sent and what is wrong with it, to be put right. */
export interface SentForm {
  readonly form: URLSearchParams;
  /** By the place of an input. */
  readonly problems: ReadonlyMap<number, string>;
  /** What is wrong with the answer as a whole. */
  readonly violations: readonly string[];
}

/** An answer as a form says it. */
export interface FormAnswer {
  readonly answer: HoldAnswer;
  readonly problems: ReadonlyMap<number, string>;
}

/** What the token of a hold's form is made for: an id that was forgotten and asked anew is another question. */
export function answerPurpose(viewer: Viewer, hold: HoldDetails): string {
  return formPurpose(viewer, "answer", hold.id, hold.openedAt?.toISOString() ?? "");
}

/** The inputs of a question for a value, or of the content that `edit` changes. */
export function controlsOfHold({ question, content }: HoldDetails): readonly FormControl[] {
  if (question?.kind === "approval") return controlsOfSchema(question.schema, content);
  if (question?.fields !== undefined) return controlsOfFields(question.fields);
  return controlsOfSchema(question?.schema);
}

/** The answer that a form gives. Whether it fits the question, the hold says. */
export function readHoldForm(hold: HoldDetails, form: URLSearchParams): FormAnswer {
  const comment = (form.get("comment") ?? "").replaceAll("\r\n", "\n").trim();
  const said = comment === "" ? {} : { comment };
  if (hold.question?.kind === "input") {
    const { value, problems } = readControls(controlsOfHold(hold), form);
    return { answer: { value, ...said }, problems };
  }
  const decision = form.get("decision") ?? undefined;
  if (decision !== "edit") return { answer: { decision, ...said }, problems: new Map() };
  const { value: content, problems } = readControls(controlsOfHold(hold), form);
  return { answer: { decision, content, ...said }, problems };
}
