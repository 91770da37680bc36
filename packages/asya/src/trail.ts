import * as v from "valibot";

import { trailHeader } from "./asya-headers.ts";
import type { Envelope } from "./envelope.ts";
import type { PastPausePoint, PauseDocument, ResumedDocument } from "./pause-document.ts";
import { foreignRun, historyAfter, pastPausePointSchema } from "./pause-document.ts";

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
  /** The pause point that was left, counted from 1 within the run. */
  readonly sequence: number;
  /** The document's version after the resume. */
  readonly version: string;
  /** Further ids that lead to the task already. */
  readonly aliases: readonly string[];
  /** The parent of a fan-out's child, whose envelope does not name it any more. */
  readonly parentId?: string | undefined;
  /** The pause points left so far, oldest first; absent where they are too many to carry. */
  readonly history?: readonly PastPausePoint[] | undefined;
}

/** The most pause points that a trail carries; beyond these, a pause reads the document. */
const maxCarried = 16;

const trailSchema = v.object({
  for: v.string(),
  task: v.pipe(v.string(), v.nonEmpty()),
  run: v.string(),
  sequence: v.pipe(v.number(), v.integer()),
  version: v.pipe(v.string(), v.nonEmpty()),
  aliases: v.array(v.string()),
  parentId: v.optional(v.string()),
  history: v.optional(v.array(pastPausePointSchema)),
});

/** The trail that a message goes on with after the resume that `document` records. */
export function createTrail(document: ResumedDocument, version: string): Trail {
  const { taskId, point, aliases, parentId, resumption } = document;
  const history = historyAfter(document);
  return {
    for: resumption.mark.id,
    task: taskId,
    run: point.run,
    sequence: point.sequence,
    version,
    aliases,
    ...(parentId === undefined ? {} : { parentId }),
    ...(history.length > maxCarried ? {} : { history }),
  };
}

/** The trail of a message; `undefined` if it has none, one that cannot be read, or one that was copied from another message. */
export function readTrail(envelope: Envelope): Trail | undefined {
  const result = v.safeParse(trailSchema, envelope.headers?.[trailHeader]);
  return result.success && result.output.for === envelope.id ? result.output : undefined;
}

/**
 * What the document of another x-pause does not say about its pause point, as far as the trail tells that was kept among
 * the headers: without it, the answer to an earlier pause point, delivered again, would be taken for this one's.
 */
export function withForeignTrail(document: PauseDocument): PauseDocument {
  if (document.state !== "paused" || document.point.run !== foreignRun) return document;
  const { point, message, taskId } = document;
  const trail = readTrail({ id: point.envelopeId, ...message });
  if (trail === undefined) return document;
  const { run, sequence, aliases, parentId, history = [] } = trail;
  return {
    ...document,
    point: { ...point, run, sequence: sequence + 1 },
    // Those ids lead to the document that the trail names.
    aliases: trail.task === taskId ? aliases : [],
    history,
    message: { ...message, parent_id: message.parent_id ?? parentId },
  };
}
