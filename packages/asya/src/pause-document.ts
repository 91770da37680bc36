import type { JsonObject } from "@holdpoint/core";

import type { OutgoingMessage, Route } from "./envelope.ts";
import type { PayloadJson } from "./payload-json.ts";
import type { PauseMetadata } from "./pause-metadata.ts";
import type { PastPausePoint, PausePoint, Resumption } from "./pause-point.ts";

/** A message as it is kept while it is paused. */
export interface StoredMessage {
  readonly parent_id?: string | undefined;
  readonly route: Route;
  readonly headers: JsonObject;
  readonly payload: JsonObject;
}

interface TaskDocumentBase {
  readonly taskId: string;
  /** The id that it had until a newer task with the same id took its place. */
  readonly displacedFrom?: string | undefined;
  readonly point: PausePoint;
  /** Further ids that lead to the task. */
  readonly aliases: readonly string[];
  /** Oldest first. */
  readonly history: readonly PastPausePoint[];
}

/** A task that waits. */
export interface PausedDocument extends TaskDocumentBase {
  readonly state: "paused";
  readonly message: StoredMessage;
  /** The message's payload as JSON, where it has been written already. What is written is never read into this. */
  readonly payloadJson?: PayloadJson | undefined;
  readonly metadata: PauseMetadata;
}

/** What a resume made of the person's input. */
export interface ResumeOutcome {
  readonly input: JsonObject;
  readonly ignoredInput: readonly string[];
  /** The restored message, without the trail, which names the version of the very document that this is part of. */
  readonly message: OutgoingMessage;
  readonly metadata: PauseMetadata;
}

/** A task that went on. */
export interface ResumedDocument extends TaskDocumentBase {
  readonly state: "resumed";
  readonly resumption: Resumption;
  /** The parent of a fan-out's child. */
  readonly parentId?: string | undefined;
  /** The second ids expire with this document, so the next pause has to renew them. */
  readonly aliasesExpire?: true | undefined;
  /** `null` once it was pruned. */
  readonly result: ResumeOutcome | null;
}

/** A task that was ended. */
export interface CanceledDocument extends TaskDocumentBase {
  readonly state: "canceled";
  readonly cancellation: { readonly at: string; readonly by: string; readonly reason: string | null };
  /** `null` once it was pruned. */
  readonly kept: { readonly message: StoredMessage; readonly metadata: PauseMetadata } | null;
}

/** Another id of one or more tasks. */
export interface AliasDocument {
  readonly state: "alias";
  /** The second id. */
  readonly taskId: string;
  readonly targets: readonly string[];
  readonly at: string;
  /** It is removed in a while, unless a task that it leads to pauses again. */
  readonly expires?: true | undefined;
}

/** The document of a task, in one of its states. */
export type TaskDocument = PausedDocument | ResumedDocument | CanceledDocument;
/** Whatever may stand under a key of the ledger. */
export type PauseDocument = TaskDocument | AliasDocument;

// A pause point that is not remembered any more pauses once more if its message is delivered again.
const maxHistory = 100;

/** The pause points that a new document of the same id remembers once this one has had its day. */
export function historyAfter(document: TaskDocument): readonly PastPausePoint[] {
  const { point, history } = document;
  const left = document.state === "resumed" ? { ...point, resumption: document.resumption } : point;
  return [...history, left].slice(-maxHistory);
}
