import type { OperationOptions } from "../store/checkpoint-store.ts";
import type { HoldAnswer } from "./hold-answer.ts";
import type { HoldRequest } from "./hold-ask.ts";
import type { LogEntry, Person } from "./hold-document.ts";
import type { PruneCounts } from "./machine/prune-holds.ts";
import type { SeenVersions } from "./machine/seen-versions.ts";
import type { ViaOptions } from "./person.ts";
import type { StoredQuestion } from "./question.ts";

/**
 * Where a hold stands; `corrupt` stands for a document that cannot be read.
 *
 * - `waiting`: for an answer, or for more votes
 * - `answered`: an answer lets act, and nobody acts yet
 * - `acting`: somebody acts
 * - `in-doubt`: somebody has acted, and nobody knows whether it had its effect
 * - `done`: it has been acted on, and the receipt is kept
 * - `rejected`: an answer lets nobody act
 * - `canceled`: ended by whoever needed no answer any more
 * - `expired`: ended by time
 */
export type HoldState =
  | "waiting"
  | "answered"
  | "acting"
  | "in-doubt"
  | "done"
  | "rejected"
  | "canceled"
  | "expired"
  | "corrupt";

/** Options of {@link Holds.open}. */
export interface OpenOptions extends OperationOptions, ViaOptions {
  /** Who asks, for the record. @default "unknown" */
  readonly by?: Person | undefined;
  /**
   * What happens when the id stands for another question, or another content: `refuse` rejects with `different-hold`;
   * `keep` goes on with what is stored. @default "refuse"
   */
  readonly ifDifferent?: "refuse" | "keep" | undefined;
}

/** What became of an ask. */
export interface OpenResult {
  /**
   * - `opened`: the question is stored now
   * - `found`: the same question was stored before; nothing was changed
   * - `kept`: another question was stored before, and stays
   */
  readonly outcome: "opened" | "found" | "kept";
  readonly id: string;
  readonly state: HoldState;
}

/** Options of {@link Holds.answer}. */
export interface AnswerOptions extends OperationOptions, ViaOptions {
  /** Who answers. Needed, as issuer and subject, where the hold names who may not, or wants several. @default "unknown" */
  readonly by?: Person | undefined;
}

/** What became of an answer. */
export interface AnswerResult {
  /**
   * - `answered`: this answer has decided
   * - `voted`: this answer counts, and more are needed
   * - `found`: this person gave this answer before; nothing was changed
   */
  readonly outcome: "answered" | "voted" | "found";
  readonly id: string;
  readonly state: HoldState;
  /** How many more people must approve the same; 0 once it is decided. */
  readonly approvalsLeft: number;
}

/** An answer as whoever acts or looks gets it. */
export interface GivenAnswer extends HoldAnswer {
  readonly by: Person;
  /** Who said that it was them, where that is somebody else. */
  readonly via: Person | undefined;
  readonly at: Date;
  /** Whether it lets act. */
  readonly approving: boolean;
  /** Whether nobody gave it, but the end of its time. */
  readonly byExpiry: boolean;
}

/** What work is given to act with. */
export interface Work<Content = unknown> {
  readonly id: string;
  /** What was shown, or what the person made of it with `edit`. */
  readonly content: Content;
  /** What your program handed in when it asked, as it was. */
  readonly savedState: string | Uint8Array | undefined;
  readonly answer: GivenAnswer;
  /** The same for every attempt: hand it to the payee, so that a second attempt has no second effect. */
  readonly idempotencyKey: string;
  /** 1 for the first, one more for each after it: what is downstream can refuse a smaller one than it has seen. */
  readonly attempt: number;
  /** Aborts when the caller's signal does, and when the right to act was lost to somebody else. */
  readonly signal: AbortSignal;
}

/** Options of {@link Holds.act}. */
export interface ActOptions extends OperationOptions {
  /**
   * What follows when work died or threw between its effect and its receipt: `stop` lets a person say what happened, so
   * that it happens at most once; `again` runs it again under the same idempotency key, so that it happens once where
   * the payee honours the key. Where two that act disagree, it is `stop`. @default "stop"
   */
  readonly whenInDoubt?: "stop" | "again" | undefined;
  /**
   * How long this worker may show no sign of life before others take it for dead, in milliseconds. It shows three in
   * that time. @default 30000
   */
  readonly leaseMs?: number | undefined;
  /**
   * While somebody else acts: `wait` for the receipt, and watch whether they live; `refuse` rejects with `acting`.
   * @default "wait"
   */
  readonly ifActing?: "wait" | "refuse" | undefined;
}

/** Options of {@link Holds.claim}. */
export interface ClaimOptions extends OperationOptions {
  /** As for {@link ActOptions.whenInDoubt}. @default "stop" */
  readonly whenInDoubt?: "stop" | "again" | undefined;
  /** How long the worker may show no sign of life before others take it for dead, in milliseconds. @default 30000 */
  readonly leaseMs?: number | undefined;
  /** While somebody else acts: `wait` for their end or their silence; `refuse` rejects with `acting`. @default "wait" */
  readonly ifActing?: "wait" | "refuse" | undefined;
  /** Who acts, for the record. @default this machine and process */
  readonly worker?: string | undefined;
  /**
   * At least 16 characters that nobody else knows. A claim that was made with it is found again, so that a call whose
   * answer was lost may be made again. @default random
   */
  readonly token?: string | undefined;
}

/** What a claim came to. */
export type ClaimResult<Content = unknown> =
  | ({
      readonly outcome: "claimed";
      /** What renews and ends the claim. */
      readonly token: string;
      readonly leaseMs: number;
    } & Omit<Work<Content>, "signal">)
  | ActResult<unknown>;

/** How a claim ends. */
export type Finish =
  | {
      /** The work is done. @default nothing is kept of it */
      readonly receipt?: unknown;
    }
  | {
      /** There was certainly no effect, and why: the hold can be acted on again. */
      readonly notApplied: string;
    }
  | {
      /** Nobody knows whether there was an effect, and why. */
      readonly problem: string;
    };

/** What has happened, as somebody found who looked. */
export type Settlement =
  | {
      /** It had its effect. */
      readonly applied: true;
      /** What whoever acts later is handed as the receipt. @default none */
      readonly receipt?: unknown;
    }
  | {
      /** It had no effect: the hold can be acted on again. */
      readonly applied: false;
    };

/** Options of {@link Holds.settle}. */
export interface SettleOptions extends OperationOptions, ViaOptions {
  /** Who settles, for the record. @default "unknown" */
  readonly by?: Person | undefined;
  /** How it was found out, for the record. @default none */
  readonly reason?: string | undefined;
  /**
   * The attempt that was looked at, as {@link Holds.inspect} shows it: what happened at one settles no other, which may
   * have come since. @default whichever is in doubt
   */
  readonly attempt?: number | undefined;
  /**
   * While somebody acts: `wait` for them to end or to go silent; `refuse` rejects with `acting`. @default "wait"
   */
  readonly ifActing?: "wait" | "refuse" | undefined;
}

/** What acting came to. */
export type ActResult<Result> =
  | {
      readonly outcome: "done";
      readonly id: string;
      /** Whether this call has run the work. */
      readonly ran: boolean;
      /** What the work returned; `undefined` where that is not kept. */
      readonly receipt: Result | undefined;
      /** Why the receipt is not kept. @default it is kept */
      readonly omitted?: "too-large" | "not-json" | "pruned" | undefined;
    }
  | {
      /** Nothing has run, and nothing will. */
      readonly outcome: "rejected" | "canceled" | "expired";
      readonly id: string;
      readonly at: Date;
      readonly by: Person | undefined;
      readonly reason: string | undefined;
      /** The rejecting answer; `undefined` for the others, and once it was pruned. */
      readonly answer: GivenAnswer | undefined;
    };

/** Options of {@link Holds.cancel}. */
export interface CancelHoldOptions extends OperationOptions, ViaOptions {
  /** Who cancels, for the record. @default "unknown" */
  readonly by?: Person | undefined;
  /** Why, for the record. @default none */
  readonly reason?: string | undefined;
}

/** Who answered what, as a listing shows it. */
export interface AnswerSummary {
  readonly by: Person;
  readonly at: Date;
  /** The name of the decision; `undefined` for a value. */
  readonly decision: string | undefined;
}

/** One hold as a listing shows it. */
export interface HoldSummary {
  readonly id: string;
  readonly key: string;
  readonly state: HoldState;
  /** `undefined` once it was pruned. */
  readonly message: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly openedAt: Date | undefined;
  readonly openedBy: Person | undefined;
  /** Who said that they asked, where that is somebody else. */
  readonly openedVia: Person | undefined;
  /** Since when it is in its state. */
  readonly since: Date | undefined;
  readonly expiresAt: Date | undefined;
  /** Who has answered so far, oldest first: those that did not suffice, then the one that did. Empty once pruned. */
  readonly answers: readonly AnswerSummary[];
  /** Whether its time is over and nobody has written that down yet: `expire` does. */
  readonly isDue: boolean;
  /** Whether only its stub is left. */
  readonly pruned: boolean;
  /** Why a corrupt document cannot be read. */
  readonly problem?: string | undefined;
}

/** One hold with its whole content, apart from the saved state. */
export interface HoldDetails extends HoldSummary {
  /** Changes whenever the hold does. */
  readonly version: string;
  readonly question: StoredQuestion | undefined;
  readonly content: unknown;
  readonly approvals: number;
  readonly notBy: readonly Person[];
  /** Answers that did not suffice yet. */
  readonly votes: readonly GivenAnswer[];
  readonly answer: GivenAnswer | undefined;
  /** Who acts, or has acted. */
  readonly claim:
    | { readonly attempt: number; readonly at: Date; readonly worker: string; readonly whenInDoubt: "stop" | "again" }
    | undefined;
  /** Why nobody knows whether it had its effect. */
  readonly doubt:
    | { readonly at: Date; readonly why: "threw" | "went-silent"; readonly problem?: string | undefined }
    | undefined;
  /** What work returned, once done and as far as it is kept. */
  readonly receipt: unknown;
  readonly omitted: "too-large" | "not-json" | "pruned" | undefined;
  /** Who ended it and why, once it has ended. */
  readonly endedBy: Person | undefined;
  readonly reason: string | undefined;
  /** Who did what, oldest first. */
  readonly log: readonly LogEntry[];
  /** How many older entries the log had. */
  readonly logCut: number;
}

/** Options of {@link Holds.list}. */
export interface ListHoldsOptions extends OperationOptions {
  /** @default every state */
  readonly state?: HoldState | undefined;
  /** Only those that are in their state for at least this long, in milliseconds. @default any age */
  readonly olderThanMs?: number | undefined;
  /** Only those that have all of these labels. @default none */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /**
   * What an earlier listing has seen: then only what has changed since is read, and listed. That a time is over changes no
   * document; and what else is asked for here is asked of nothing that is not read.
   *
   * @default nothing
   */
  readonly seen?: SeenVersions | undefined;
}

/** Options of {@link Holds.wait}. */
export interface WaitOptions {
  /** Ends the waiting: it rejects with the signal's reason. @default none */
  readonly signal?: AbortSignal | undefined;
  /** Resolve with the state `waiting` after so long, in milliseconds. @default never */
  readonly waitMs?: number | undefined;
}

/** What waiting came to. */
export interface WaitResult {
  readonly id: string;
  /** `gone`: it was forgotten meanwhile. */
  readonly state: HoldState | "gone";
  /** The answer, where there is one and it is still kept. */
  readonly answer: GivenAnswer | undefined;
}

/** Options of {@link Holds.expire}. */
export interface ExpireOptions extends OperationOptions {
  /** Only this hold. @default all */
  readonly id?: string | undefined;
  /** Counts what would be done, and changes nothing. @default false */
  readonly dryRun?: boolean | undefined;
  /** Told after each document what has been done so far. @default nobody is told */
  readonly onProgress?: ((soFar: ExpireCounts) => void) | undefined;
}

/** What {@link Holds.expire} did, in documents. */
export interface ExpireCounts {
  readonly examined: number;
  /** Ended without an answer. */
  readonly expired: number;
  /** Answered by what was asked to count then. */
  readonly answered: number;
}

/** Options of {@link Holds.prune}. */
export interface PruneOptions extends OperationOptions {
  /** Only holds that ended at least this long ago, in milliseconds. */
  readonly olderThanMs: number;
  /** Counts what would be emptied, and changes nothing. @default false */
  readonly dryRun?: boolean | undefined;
  /** Told after each document what has been done so far. @default nobody is told */
  readonly onProgress?: ((soFar: PruneCounts) => void) | undefined;
}

/**
 * Questions that are asked once, answered once and acted on once, on any store:
 * `waiting -> answered -> acting -> done`, with `rejected`, `canceled` and `expired` as other ends. Each step is one
 * conditional write of one document.
 *
 * Every operation rejects with a `CheckpointError` where the store does, and with `corrupt` where a document cannot be
 * read as a hold.
 *
 * @example
 * ```ts
 * const holds = createHolds(store);
 * await holds.open("refund-42", { ask: { message: "Refund 5000?" }, content: { amount: 5000 } });
 * await holds.answer("refund-42", { decision: "approve" }, { by: "ada" });
 * const done = await holds.act("refund-42", async ({ content, idempotencyKey }) => await pay(content, idempotencyKey));
 * ```
 */
export interface Holds {
  /**
   * Asks. The same question under the same id is found again rather than asked again, also once it was answered or
   * pruned. Costs one request if it is new.
   *
   * @throws {HoldError} `invalid-argument`, `different-hold`
   * @throws {CheckpointError} `too-large` also for a question that would leave no room for an answer
   */
  open(id: string, request: HoldRequest, options?: OpenOptions): Promise<OpenResult>;

  /**
   * Answers. The first answer counts; the same answer of the same person is found again, another one is refused. Costs
   * two requests.
   *
   * @throws {HoldError} `invalid-argument`, `not-found`, `invalid-answer`, `not-allowed`, `already-voted`,
   * `already-answered`, `canceled`, `expired`
   */
  answer(id: string, answer: HoldAnswer, options?: AnswerOptions): Promise<AnswerResult>;

  /**
   * Acts once: claims the hold, runs the work and keeps what it returns as the receipt. Whoever comes later gets the
   * receipt and runs nothing. Costs three requests.
   *
   * Work that throws leaves the hold in doubt, unless it throws {@link NotApplied}, which rejects this call and lets the
   * next one act. Work that takes longer than a third of its lease costs two more requests for each sign of life, on
   * the document and on a small key beside it.
   *
   * @throws {HoldError} `invalid-argument`, `not-found`, `not-answered`, `acting`, `in-doubt`, `claim-lost`
   * @throws {NotApplied} what the work has thrown
   */
  act<Result, Content = unknown>(
    id: string,
    work: (work: Work<Content>) => Promise<Result> | Result,
    options?: ActOptions,
  ): Promise<ActResult<Result>>;

  /**
   * Says what happened to a hold that is in doubt. Resolves to `false` if the same was said before. What turns out to be
   * settled wrongly is not undone: whoever says that nothing happened lets it happen again.
   *
   * @throws {HoldError} `invalid-argument`, `not-found`, `not-in-doubt`, `acting`
   */
  settle(id: string, settlement: Settlement, options?: SettleOptions): Promise<boolean>;

  /**
   * Claims a hold for a worker elsewhere, which cannot be handed a function: what {@link Holds.act} does, in three calls
   * that may come from any process. Costs two requests.
   *
   * @throws {HoldError} `invalid-argument`, `not-found`, `not-answered`, `acting`, `in-doubt`
   */
  claim<Content = unknown>(id: string, options?: ClaimOptions): Promise<ClaimResult<Content>>;

  /**
   * Shows that whoever has a claim lives. Work that takes longer than a third of its lease needs it three times in each.
   *
   * @throws {HoldError} `not-found`, `claim-lost`
   */
  renew(id: string, token: string, options?: OperationOptions): Promise<void>;

  /**
   * Ends a claim. The same receipt may be sent again.
   *
   * @throws {HoldError} `invalid-argument`, `not-found`, `claim-lost`
   */
  finish(id: string, token: string, finish: Finish, options?: OperationOptions): Promise<void>;

  /**
   * Ends a hold that nobody acts on for good; resolves to `false` if it was canceled before.
   *
   * @throws {HoldError} `invalid-argument`, `not-found`, `already-answered` (rejected), `acting`, `in-doubt`, `done`,
   * `expired`
   */
  cancel(id: string, options?: CancelHoldOptions): Promise<boolean>;

  /**
   * One hold with its whole content; `null` if there is none.
   *
   * @throws {HoldError} `invalid-argument`
   */
  inspect(id: string, options?: OperationOptions): Promise<HoldDetails | null>;

  /**
   * All holds, in no promised order and in bounded memory. A document that cannot be read is listed as `corrupt`.
   *
   * @throws {CheckpointError} what `CheckpointStore.list` and `CheckpointStore.get` throw
   */
  list(options?: ListHoldsOptions): AsyncIterable<HoldSummary>;

  /**
   * Waits until a hold waits no more: answered, rejected, canceled, expired, or further already; or gone. Those who wait
   * in one process share their looks at the store, at intervals that grow, and all of them together look at most fifty
   * times a second. A store that is away for a while ends no waiting.
   *
   * @throws {HoldError} `invalid-argument`, `not-found`
   * @throws {CheckpointError} what `CheckpointStore.get` throws and is not worth another attempt
   */
  wait(id: string, options?: WaitOptions): Promise<WaitResult>;

  /**
   * Applies every expiry whose time is over, in bounded memory. Until then, or until somebody answers or acts, an expiry
   * is only reported.
   *
   * @throws {HoldError} `invalid-argument`
   * @throws {CheckpointError} what the store's operations throw
   */
  expire(options?: ExpireOptions): Promise<ExpireCounts>;

  /**
   * Takes away the last trace of a hold that has ended; resolves to `false` if there is none. From then on nobody knows
   * that it was ever asked: a program that runs again asks again, and acts again, under another idempotency key.
   *
   * @throws {HoldError} `invalid-argument`, `not-ended`
   */
  forget(id: string, options?: OperationOptions): Promise<boolean>;

  /**
   * Takes away the content of holds that have ended, and leaves of each a stub of its id, digest and end: a program that
   * runs again neither asks nor acts again.
   *
   * @throws {CheckpointError} `invalid-argument`, and what the store's operations throw
   */
  prune(options: PruneOptions): Promise<PruneCounts>;
}
