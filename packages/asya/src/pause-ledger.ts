import type { JsonObject, OperationOptions } from "@holdpoint/core";
import type { SeenVersions } from "@holdpoint/core/holds";

import type { Envelope, OutgoingMessage } from "./envelope.ts";
import type { SentAnswer } from "./gateway/sent-answer.ts";
import type { MergeMode } from "./merge-input.ts";
import type { PauseMetadata } from "./pause-metadata.ts";
import type { InputValidation } from "./prepare-input.ts";

/** Options of what reads the documents of tasks one by one. */
export interface TaskOptions extends OperationOptions {
  /**
   * Asked before a document of more than 256 KiB is read: resolves once so many more bytes may be in memory, until
   * whoever asked is done with the result. So a program with little memory lets large tasks take turns. Costs one read
   * more of a large document, which brings its size alone. What it rejects with ends the operation, as a lost connection
   * would: nothing was changed, or what was is found again when the same is asked once more.
   *
   * @default nobody is asked
   */
  readonly admit?: ((bytes: number) => Promise<void>) | undefined;
}

/** Options of {@link PauseLedger.pause}. */
export interface PauseOptions extends TaskOptions {
  /** What the person is asked. @default `{ prompt: "Task paused", fields: [] }` */
  readonly metadata?: PauseMetadata | undefined;
}

/** What became of a pause. */
export interface PauseResult {
  /**
   * - `paused`: the message is stored now
   * - `already-paused`: the same pause was stored before; nothing was changed
   * - `stale`: a pause point that the task has left already; nothing was changed, and the message must not go on
   */
  readonly outcome: "paused" | "already-paused" | "stale";
  /** The store's key of the task's document. */
  readonly key: string;
  /**
   * Where another message with the same id waits at the same place already, and nothing tells whether an actor ran twice
   * or another task has that id: the id of a task of its own, under which this message waits too.
   */
  readonly keptAs?: string | undefined;
  /**
   * What x-pause hands to the mesh: the message with the header `x-asya-pause`, so that it is reported as paused and
   * not routed. What is reported is what waits, also where this delivery brought other content. For a stale one, a
   * message that has no route and goes to x-sink, which consumes it without a report; but where the task waits at a
   * later pause point under the same id, that one, reported once more.
   */
  readonly message: OutgoingMessage;
}

/** Options of {@link PauseLedger.resume}. */
export interface ResumeOptions extends TaskOptions {
  /** How input is merged where it meets an object. @default "shallow" */
  readonly mergeMode?: MergeMode | undefined;
  /**
   * `strict` checks the input against the declared fields and applies their defaults; an input that does not fit is
   * refused with every violation, and the task stays paused. `coerce` does the same after it has read texts as what
   * their fields declare, where that is unambiguous: `"true"` for a boolean, `"5"` for a number. @default "off"
   */
  readonly validation?: InputValidation | undefined;
  /** Who answered, for the record and for whoever comes second. @default the resume message's id */
  readonly by?: string | undefined;
  /**
   * Claim the task only if its document still has this {@link TaskDetails.version}, so that an answer to what a person
   * was shown does not answer another pause point. Otherwise code `conflict`. A replay is given all the same.
   * @default any version
   */
  readonly ifVersion?: string | undefined;
}

/** What became of a resume. */
export interface ResumeResult {
  /**
   * - `resumed`: this call has claimed the task
   * - `replayed`: the same resume message had claimed it before; the message is the same again
   * - `absorbed`: a resume that was applied before, and the task has reached a later pause point since; nothing is to
   *   go on
   */
  readonly outcome: "resumed" | "replayed" | "absorbed";
  /** The store's key of the task's document. */
  readonly key: string;
  /** The id under which the task is stored. */
  readonly taskId: string;
  /** What x-resume hands to the mesh: the restored message, or for `absorbed` the same as for a stale pause. */
  readonly message: OutgoingMessage;
  /** Names in the input that no field declares, and that were left out. */
  readonly ignoredInput: readonly string[];
}

/** States of a task's document; `corrupt` stands for one that cannot be read. */
export type TaskState = "paused" | "resumed" | "canceled" | "corrupt";

/** One task as {@link PauseLedger.list} and {@link PauseLedger.inspect} show it. */
export interface TaskSummary {
  readonly key: string;
  readonly taskId: string;
  /**
   * The id that the task had until a newer one with that id took its place; it goes on under {@link TaskSummary.taskId},
   * by which it is shown, resumed and canceled.
   */
  readonly displacedFrom?: string | undefined;
  readonly state: TaskState;
  /** How many pause points the task has reached, as far as its document knows. */
  readonly sequence: number;
  /** When it was paused; `undefined` where another program paused it and the backend records no time. */
  readonly pausedAt: Date | undefined;
  readonly prompt: string | undefined;
  /**
   * The actors that follow: those that run once it is answered, or went on. Empty where the pause point is the end of its
   * route, often by mistake: an actor that sets its route to just x-pause drops the rest of it.
   */
  readonly next?: readonly string[] | undefined;
  /** Until when it waits, where somebody has said so. It is only reported: nothing happens by itself then. */
  readonly expiresAt?: Date | undefined;
  /** Whether that time is over, clocks that differ a little included. */
  readonly isDue?: boolean | undefined;
  /** When and by whom it was resumed or canceled. */
  readonly endedAt?: Date | undefined;
  readonly endedBy?: string | undefined;
  /** Who has handed what it was resumed with to a gateway, where that was asked for: {@link ListTasksOptions.sentAnswers}. */
  readonly sentAnswers?: readonly SentAnswer[] | undefined;
  /** Why a corrupt document cannot be read. */
  readonly problem?: string | undefined;
}

/** One task with its whole content. */
export interface TaskDetails extends TaskSummary {
  /** The version of the task's document, for {@link ResumeOptions.ifVersion}. */
  readonly version: string;
  /** The id of the envelope that paused, under which a gateway knows the task by now. */
  readonly envelopeId: string;
  readonly metadata: PauseMetadata | undefined;
  /** The message as it was paused; for a resumed task, as it went on. */
  readonly message: { readonly route: unknown; readonly headers: JsonObject; readonly payload: JsonObject } | undefined;
  /** What is to happen at {@link TaskSummary.expiresAt}: `cancel`, or the input of the answer that then counts. */
  readonly onExpiry?: "cancel" | JsonObject | undefined;
  /** The person's input, once resumed. */
  readonly input?: JsonObject | undefined;
  /** Why it was canceled, where a reason was given. */
  readonly reason?: string | undefined;
  /** Earlier pause points of the same id, oldest first. */
  readonly history: readonly {
    readonly sequence: number;
    readonly pausedAt: Date | undefined;
    readonly resumedAt?: Date | undefined;
    readonly resumedBy?: string | undefined;
  }[];
}

/** Options of {@link PauseLedger.cancel}. */
export interface CancelOptions extends TaskOptions {
  /** Who canceled. @default "unknown" */
  readonly by?: string | undefined;
  /** Why, for the record. @default none */
  readonly reason?: string | undefined;
  /** Cancel only if the document still has this {@link TaskDetails.version}. Otherwise code `conflict`. @default any */
  readonly ifVersion?: string | undefined;
}

/** Options of {@link PauseLedger.list}. */
export interface ListTasksOptions extends OperationOptions {
  /** @default every state */
  readonly state?: TaskState | undefined;
  /**
   * What an earlier listing has seen: then only what has changed since is read, and listed. That a time is over changes no
   * document.
   *
   * @default nothing
   */
  readonly seen?: SeenVersions | undefined;
  /**
   * Whether it is looked who has answered each resumed task through a gateway, as `findSentAnswers` of
   * `@holdpoint/asya/gateway` does: one more read for each. @default false
   */
  readonly sentAnswers?: boolean | undefined;
}

/** Options of {@link PauseLedger.prune}. */
export interface PruneOptions extends OperationOptions {
  /** Only tasks that were resumed or canceled at least this long ago, in milliseconds. */
  readonly olderThanMs: number;
  /** Counts what would be removed or emptied, and changes nothing. @default false */
  readonly dryRun?: boolean | undefined;
  /** Told after each document what has been done so far. @default nobody is told */
  readonly onProgress?: ((soFar: PruneResult) => void) | undefined;
}

/** What {@link PauseLedger.prune} did, in documents. */
export interface PruneResult {
  readonly examined: number;
  readonly removed: number;
  /** Emptied but kept, because the store cannot delete under a condition. */
  readonly compacted: number;
}

/**
 * The state machine of paused tasks on top of any store: `paused -> resumed | canceled`, and `paused` again at the next
 * pause point. Every transition is one conditional write of one document.
 *
 * @example
 * ```ts
 * const ledger = createPauseLedger(store);
 * await ledger.pause(envelope, { metadata: { prompt: "Review this", fields: [] } });
 * const { message } = await ledger.resume(resumeEnvelope);
 * ```
 */
export interface PauseLedger {
  /**
   * Stores a message so that it waits for a person. Idempotent; costs one request, and one more where the task has a
   * second id (an A2A task id, or the fresh id of a resume message) that is not recorded yet.
   *
   * @throws {LedgerError} `invalid-message`
   * @throws {CheckpointError} what `CheckpointStore.put` throws, and `corrupt`; `too-large` also for a message
   * that would leave less than 1 MiB of the store's largest body for an answer, since it could never be resumed
   */
  pause(envelope: Envelope, options?: PauseOptions): Promise<PauseResult>;

  /**
   * Claims a paused task for one resume message and returns the restored message with the person's input in it. Costs
   * two requests, and one more where the task is named by a second id.
   *
   * @throws {LedgerError} `invalid-message`, `invalid-input`, `task-not-found`, `already-resumed`, `canceled`,
   * `ambiguous-task`, `repeated-resume`
   * @throws {CheckpointError} what `CheckpointStore.put` throws, and `corrupt`
   */
  resume(envelope: Envelope, options?: ResumeOptions): Promise<ResumeResult>;

  /**
   * Ends a paused task for good; resolves to `false` if it was canceled before.
   *
   * @throws {LedgerError} `task-not-found`, `already-resumed`, `ambiguous-task`
   * @throws {CheckpointError} what `CheckpointStore.put` throws, and `corrupt`
   */
  cancel(taskId: string, options?: CancelOptions): Promise<boolean>;

  /**
   * Finds a task by any of its ids; `null` if there is none.
   *
   * @throws {LedgerError} `ambiguous-task`
   * @throws {CheckpointError} what `CheckpointStore.get` throws, and `corrupt`
   */
  inspect(taskId: string, options?: TaskOptions): Promise<TaskDetails | null>;

  /**
   * All tasks, in no promised order. A document that cannot be read is listed as `corrupt`.
   *
   * @throws {CheckpointError} what `CheckpointStore.list` and `CheckpointStore.get` throw
   */
  list(options?: ListTasksOptions): AsyncIterable<TaskSummary>;

  /**
   * Removes what is left of tasks that have ended, and never a task that is paused, even if it is paused again
   * meanwhile. On a store that cannot delete under a condition, documents are emptied instead of removed.
   *
   * @throws {CheckpointError} what the store's operations throw
   */
  prune(options: PruneOptions): Promise<PruneResult>;
}
