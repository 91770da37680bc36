import { a2aTaskHeader, resumeTaskHeader, textHeader } from "./asya-headers.ts";
import type { Envelope } from "./envelope.ts";

const resumePrefix = "resume-";

/** The id that some gateways give to the message that resumes a task. */
export function resumeIdOf(taskId: string): string {
  return resumePrefix + taskId;
}

/**
 * The ids under which the task of a resume message may be stored, likeliest first. Which id a gateway uses depends on
 * its generation: the header `x-asya-resume-task`, or where that was dropped the envelope's own id, may be the paused
 * envelope's id, its A2A task id, or `resume-` before either.
 */
export function candidateTaskIds(envelope: Envelope): readonly string[] {
  const headers = envelope.headers ?? {};
  const named = textHeader(headers, resumeTaskHeader);
  if (named !== undefined) return unique([...idForms(named), envelope.id, ...idForms(envelope.id)]);
  // A plain id may itself begin with "resume-"; but where the header is missing, that is how the gateway made it.
  return unique([...idForms(envelope.id).toReversed(), textHeader(headers, a2aTaskHeader)]);
}

/** An id as it stands, and without the prefix of a resume message. */
export function idForms(id: string): readonly string[] {
  return id.startsWith(resumePrefix) && id.length > resumePrefix.length ? [id, id.slice(resumePrefix.length)] : [id];
}

function unique(ids: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(ids.filter((id) => id !== undefined))];
}
