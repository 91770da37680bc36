import { exactNumber, isJsonNumber } from "@holdpoint/core/json";
import * as v from "valibot";

import type { PauseMark, ResumeMark } from "./message-identity.ts";

/** One pause point that the document's id has reached. */
export interface PausePoint {
  /** One life of the task, from its first pause on. */
  readonly run: string;
  /** Counted from 1 within the run. */
  readonly sequence: number;
  /** The id of the envelope that paused. */
  readonly envelopeId: string;
  readonly pausedAt: string | null;
  readonly mark: PauseMark;
  /** The message's route showed that it had been resumed before, and nothing named the pause point that it had left. */
  readonly continues?: true | undefined;
}

/** How a pause point was left. */
export interface Resumption {
  readonly at: string;
  readonly by: string;
  readonly mark: ResumeMark;
  /** Whether the resume message's id was made for it alone, rather than taken or derived from the task's. */
  readonly freshId: boolean;
}

/** A pause point that has been left, as a later document of the same id remembers it. */
export interface PastPausePoint extends PausePoint {
  readonly resumption?: Resumption | undefined;
}

/** The run of a document that another x-pause wrote: it has none. */
export const foreignRun = "";

/** Whether two documents tell of one pause point. Another x-pause gives its own no run; then the message must do. */
export function isSamePoint(left: PausePoint, right: PausePoint): boolean {
  const isSameRun = left.run === right.run || left.run === foreignRun || right.run === foreignRun;
  return (
    isSameRun &&
    left.sequence === right.sequence &&
    left.envelopeId === right.envelopeId &&
    left.mark.digest === right.mark.digest
  );
}

/** A whole number, also where a program has written it as 1.0. */
export const wholeNumber = v.pipe(
  v.custom<unknown>((value) => isJsonNumber(value), "expected a number"),
  v.transform((value) => Number(exactNumber(value))),
  v.integer("expected a whole number"),
);

const text = v.string();

export const resumptionSchema = v.object({
  at: text,
  by: text,
  mark: v.object({ id: text, digest: text, createdAt: v.nullable(text), timeout: v.nullable(text) }),
  freshId: v.boolean(),
});

export const pausePointSchema = v.object({
  run: text,
  sequence: wholeNumber,
  envelopeId: text,
  pausedAt: v.nullable(text),
  mark: v.object({ digest: text, createdAt: v.nullable(text), mayBeStamped: v.optional(v.literal(true)) }),
  continues: v.optional(v.literal(true)),
});

export const pastPausePointSchema = v.object({
  ...pausePointSchema.entries,
  resumption: v.optional(resumptionSchema),
});
