import * as v from "valibot";

import { trailHeader } from "./asya-headers.ts";
import type { Envelope } from "./envelope.ts";
import type { ResumedDocument } from "./pause-document.ts";
import { historyAfter } from "./pause-document.ts";
import type { PastPausePoint } from "./pause-point.ts";
import { pastPausePointSchema, wholeNumber } from "./pause-point.ts";

/**
 * What x-resume writes on the message that it restores, so that the next pause knows which task, which document and
 * which pause point the message comes from, without reading anything.
 */
export interface Trail {
  /** The id of the envelope that carries it: a fan-out copies headers, but a child is not its parent. */
  readonly for: string;
  /** The id under which the task's document is stored. */
  readonly task: string;
  /** One life of the task, from its first pause on; an id that is reused starts another. */
  readonly run: string;
  /** The pause point that was left, counted from 1 within the run; {@link nextPoint} is the one that follows. */
  readonly sequence: number;
  /** The document's version after the resume. */
  readonly version: string;
  /** Further ids that lead to the task already. */
  readonly aliases: readonly string[];
  /** These expire with the document of the resumed task, so whoever pauses next has to renew them. */
  readonly aliasesExpire?: true | undefined;
  /** The parent of a fan-out's child, whose envelope does not name it any more. */
  readonly parentId?: string | undefined;
  /** The pause points left so far, oldest first; absent where they are too many to carry. */
  readonly history?: readonly PastPausePoint[] | undefined;
}

/**
 * What a message carries:
 *
 * - `own`: a trail that was written for it
 * - `copied`: the trail of another message. Whoever made this message copied the headers, so it has not been resumed
 *   itself: that would have given it a trail of its own.
 * - `none`: none that can be read. If the message was resumed, somebody has dropped it.
 */
export type TrailFinding = { readonly kind: "own"; readonly trail: Trail } | { readonly kind: "copied" | "none" };

/** The most pause points that a trail carries; beyond these, a pause reads the document. */
const maxCarried = 16;

const trailSchema = v.object({
  for: v.string(),
  task: v.pipe(v.string(), v.nonEmpty()),
  run: v.string(),
  sequence: wholeNumber,
  version: v.pipe(v.string(), v.nonEmpty()),
  aliases: v.array(v.string()),
  aliasesExpire: v.optional(v.literal(true)),
  parentId: v.optional(v.string()),
  history: v.optional(v.array(pastPausePointSchema)),
});

/** The trail that a message goes on with after the resume that `document` records. */
export function createTrail(document: ResumedDocument, version: string): Trail {
  const { taskId, point, aliases, aliasesExpire, parentId, resumption } = document;
  const history = historyAfter(document);
  return {
    for: resumption.mark.id,
    task: taskId,
    run: point.run,
    sequence: point.sequence,
    version,
    aliases,
    ...(aliasesExpire === undefined ? {} : { aliasesExpire }),
    ...(parentId === undefined ? {} : { parentId }),
    ...(history.length > maxCarried ? {} : { history }),
  };
}

/** Finds out whose trail a message carries, if any. */
export function findTrail(envelope: Pick<Envelope, "id" | "headers">): TrailFinding {
  const carried = envelope.headers?.[trailHeader];
  // Nearly every message: what the schema has to say of it is not wanted.
  if (carried === undefined) return { kind: "none" };
  const result = v.safeParse(trailSchema, carried);
  if (!result.success) return { kind: "none" };
  return result.output.for === envelope.id ? { kind: "own", trail: result.output } : { kind: "copied" };
}

/** The pause point that follows the one that was left. */
export function nextPoint({ run, sequence }: Trail): { readonly run: string; readonly sequence: number } {
  return { run, sequence: sequence + 1 };
}
