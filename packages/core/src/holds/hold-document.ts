/**
 * Who did something: a name, or a person as an identity provider knows them.
 *
 * @example
 * ```ts
 * const ada: Person = { issuer: "https://login.example.com", subject: "ada" };
 * ```
 */
export type Person = string | { readonly issuer: string; readonly subject: string };

/** One line of a hold's log. */
export interface LogEntry {
  /** When, by the clock of {@link LogEntry.clock}. */
  readonly at: string;
  readonly did:
    | "opened"
    | "voted"
    | "answered"
    | "claimed"
    | "finished"
    | "freed"
    | "doubted"
    | "settled"
    | "canceled"
    | "expired"
    | "pruned";
  readonly by?: Person | undefined;
  /** Who said that it was them, where that is somebody else. */
  readonly via?: Person | undefined;
  /** The machine and the process whose clock gave the time. */
  readonly clock?: string | undefined;
  /** What was given, where it is short; its size where it is not. */
  readonly input?: unknown;
}

/** The right to act, as one worker holds it. */
export interface Claim {
  /** Made for this claim alone. */
  readonly token: string;
  /** 1 for the first that acts, one more for each that acts after it. */
  readonly attempt: number;
  readonly at: string;
  /** The machine and the process that act. */
  readonly worker: string;
  /** For how long the worker's counter may stand still before it counts as dead. */
  readonly leaseMs: number;
  readonly whenInDoubt: "stop" | "again";
}

/** How a hold ended. */
interface End {
  readonly at: string;
  readonly by?: Person | undefined;
  readonly reason?: string | undefined;
}

/** What work returned, or why that is not kept. */
export type Receipt =
  | { readonly kept: true; readonly value?: unknown }
  | {
      readonly kept: false;
      readonly omitted: "too-large" | "not-json" | "pruned";
      readonly problem?: string | undefined;
    };

/** What the documents of all states have. */
interface DocumentBase {
  readonly id: string;
  /** Made anew for each write: whoever meets it again knows that it was theirs. */
  readonly nonce?: string | undefined;
  /** Oldest first. */
  readonly log: readonly LogEntry[];
  /** How many older entries the log had. */
  readonly logCut: number;
}

interface Asked<Ask> extends DocumentBase {
  readonly ask: Ask;
}

/** A question that waits; `votes` are the answers that did not suffice yet. */
export interface WaitingDocument<Ask, Answer> extends Asked<Ask> {
  readonly state: "waiting";
  readonly votes: readonly Answer[];
}

/** An answer that lets act, and that nobody acts on yet. */
interface AnsweredDocument<Ask, Answer> extends Asked<Ask> {
  readonly state: "answered";
  readonly answer: Answer;
  /** How often somebody has acted, without effect. */
  readonly attempts: number;
}

/** Somebody acts. */
export interface ActingDocument<Ask, Answer> extends Asked<Ask> {
  readonly state: "acting";
  readonly answer: Answer;
  readonly claim: Claim;
}

/** Somebody has acted, and nobody knows whether it had its effect. */
interface InDoubtDocument<Ask, Answer> extends Asked<Ask> {
  readonly state: "in-doubt";
  readonly answer: Answer;
  readonly claim: Claim;
  readonly doubt: { readonly at: string; readonly why: "threw" | "went-silent"; readonly problem?: string | undefined };
}

/** It has been acted on. */
interface DoneDocument<Ask, Answer> extends Asked<Ask> {
  readonly state: "done";
  readonly answer: Answer;
  readonly claim: Claim;
  readonly receipt: Receipt;
  readonly end: End;
  /** Whether a person said that it happened. */
  readonly settled: boolean;
}

/** An answer that lets nobody act. */
interface RejectedDocument<Ask, Answer> extends Asked<Ask> {
  readonly state: "rejected";
  readonly answer: Answer;
  readonly end: End;
}

/** Ended by whoever needed no answer any more. */
interface CanceledDocument<Ask, Answer> extends Asked<Ask> {
  readonly state: "canceled";
  readonly answer?: Answer | undefined;
  readonly end: End;
}

/** Ended by time, without an answer. */
interface ExpiredDocument<Ask> extends Asked<Ask> {
  readonly state: "expired";
  readonly end: End;
}

/** What is left of a hold that has ended, so that nobody asks or acts again. */
interface StubDocument extends DocumentBase {
  readonly state: "stub";
  readonly ended: "done" | "rejected" | "canceled" | "expired";
  readonly digest: string;
  readonly end: End;
}

/** What was forgotten on a store whose deletes have no condition: as good as nothing. */
interface ForgottenDocument extends DocumentBase {
  readonly state: "forgotten";
}

/** A hold, in one of its states. */
export type HoldDocument<Ask, Answer> =
  | WaitingDocument<Ask, Answer>
  | AnsweredDocument<Ask, Answer>
  | ActingDocument<Ask, Answer>
  | InDoubtDocument<Ask, Answer>
  | DoneDocument<Ask, Answer>
  | RejectedDocument<Ask, Answer>
  | CanceledDocument<Ask, Answer>
  | ExpiredDocument<Ask>
  | StubDocument
  | ForgottenDocument;
