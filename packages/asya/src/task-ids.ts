import { a2aTaskHeader, resumeTaskHeader, textHeader } from "./asya-headers.ts";
import type { Envelope } from "./envelope.ts";
import { LedgerError } from "./ledger-error.ts";
import { quoteId } from "./quote-id.ts";

const resumePrefix = "resume-";

/** The id that some gateways give to the message that resumes a task. */
export function resumeIdOf(taskId: string): string {
  return resumePrefix + taskId;
}

/** Where a task may be found. */
interface TaskLead {
  readonly id: string;
  /** The name that the document found there must show that it answers to; otherwise it is a stranger's. */
  readonly mustAnswerTo?: string | undefined;
}

/** All that a message or a person says about which task is meant. */
export interface TaskLeads {
  /** Likeliest first. */
  readonly leads: readonly TaskLead[];
  /** The names by which the task may be called in the A2A protocol. */
  readonly a2aTaskIds: readonly string[];
  /** Set where no header says which task is meant. */
  readonly isGuess?: true;
}

/**
 * Where the task of a resume message may be stored. Which id a gateway uses depends on its generation: the header
 * `x-asya-resume-task`, or where that was dropped the envelope's own id, may be the paused envelope's id, its A2A task
 * id, or `resume-` before either. What a header names decides; every other id only leads to a document, which must show
 * that it answers to that name.
 *
 * @throws {LedgerError} `invalid-message` if a header that names the task is no id
 */
export function leadsOfMessage(envelope: Envelope): TaskLeads {
  const named = idHeader(envelope, resumeTaskHeader) ?? idHeader(envelope, a2aTaskHeader);
  if (named !== undefined) {
    const further = [...derivedIds(named), envelope.id, ...derivedIds(envelope.id)].filter((id) => id !== named);
    return {
      leads: [{ id: named }, ...[...new Set(further)].map((id) => ({ id, mustAnswerTo: named }))],
      a2aTaskIds: [named],
    };
  }
  // A plain id may itself begin with "resume-"; but where the headers are missing, that is how the gateway made it.
  const ids = [...derivedIds(envelope.id), envelope.id];
  return { leads: ids.map((id) => ({ id })), a2aTaskIds: ids, isGuess: true };
}

/** Where the task may be stored that a person calls by an id, to change it. */
export function leadsOfId(id: string): TaskLeads {
  return { leads: [{ id }, ...derivedIds(id).map((derived) => ({ id: derived, mustAnswerTo: id }))], a2aTaskIds: [id] };
}

/** The same to look at it: whoever does sees which task it is, so the id that an answer to it would have will do. */
export function leadsOfShownId(id: string): TaskLeads {
  return { leads: [id, ...derivedIds(id)].map((each) => ({ id: each })), a2aTaskIds: [id] };
}

/** What an id is without the prefix of a resume message, if it has that. */
function derivedIds(id: string): readonly string[] {
  return id.startsWith(resumePrefix) && id.length > resumePrefix.length ? [id.slice(resumePrefix.length)] : [];
}

function idHeader({ id, headers = {} }: Envelope, name: string): string | undefined {
  const value = headers[name];
  if (value === undefined || value === null || value === "") return undefined;
  const text = textHeader(headers, name);
  if (text !== undefined) return text;
  const kind = Array.isArray(value) ? "a list" : "an object";
  throw new LedgerError(
    "invalid-message",
    `The header ${name} of the resume message ${quoteId(id)} is ${kind}; expected a task's id. Nothing was resumed.`,
    id,
  );
}
