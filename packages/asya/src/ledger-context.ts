import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore, OperationOptions, PutOptions } from "@holdpoint/core";

import { encodeDocument } from "./document-codec.ts";
import { documentKey } from "./document-key.ts";
import type { PauseDocument } from "./pause-document.ts";
import { quoteId } from "./quote-id.ts";
import { TaskLookup } from "./task-lookup.ts";

/** How often a transition is judged anew because somebody else was faster. */
export const maxRaces = 16;

/** How much of a store's largest body a paused document leaves for what is added to it when it is resumed. */
const mostReservedBytes = 1024 * 1024;

/** What every operation of a ledger works with. */
export class LedgerContext {
  readonly store: CheckpointStore;
  readonly lookup: TaskLookup;
  /** How long the documents of a task that has ended are kept. */
  readonly retentionMs: number | undefined;
  readonly #now: () => Date;

  constructor(store: CheckpointStore, now: () => Date, retentionMs: number | undefined) {
    this.store = store;
    this.lookup = new TaskLookup(store);
    this.#now = now;
    this.retentionMs = retentionMs;
  }

  now(): Date {
    return this.#now();
  }

  /** Writes a document under a condition; resolves to its version, or `undefined` if the condition does not hold. */
  async write(
    document: PauseDocument,
    condition: Pick<PutOptions, "ifAbsent" | "ifVersion">,
    options: OperationOptions,
  ): Promise<string | undefined> {
    const ttlMs = mayGo(document) ? this.retentionMs : undefined;
    try {
      const body = encodeDocument(document);
      if (document.state === "paused") this.#assertAnswerFits(document.taskId, body);
      const { version } = await this.store.put(documentKey(document.taskId), body, { ...options, ...condition, ttlMs });
      return version;
    } catch (error) {
      if (CheckpointError.is(error, "conflict")) return undefined;
      throw error;
    }
  }

  /** The error for a document that changes faster than it can be judged. */
  contended(taskId: string, operation: string): CheckpointError {
    return this.#conflict(taskId, operation, `changed ${maxRaces} times meanwhile. Try again.`);
  }

  /** The error for a document that is not the one that the caller has seen. */
  changed(taskId: string, operation: string): CheckpointError {
    return this.#conflict(taskId, operation, "has changed since it was looked at. Look at it again.");
  }

  /** A task whose document left no room for an answer would wait for ever: each resume would be too large. */
  #assertAnswerFits(taskId: string, body: Uint8Array): void {
    const { maxBodyBytes } = this.store.capabilities;
    const reservedBytes = Math.min(mostReservedBytes, Math.floor(maxBodyBytes / 8));
    const maxBytes = maxBodyBytes - reservedBytes;
    if (body.byteLength <= maxBytes) return;
    const key = documentKey(taskId);
    throw new CheckpointError(
      "too-large",
      `${this.store.backend}: cannot pause the task ${quoteId(taskId)}: its document ${JSON.stringify(key)} would have ${body.byteLength} bytes; at most ${maxBytes} are allowed, which is what the store takes less ${reservedBytes} for an answer. Nothing was stored. Keep large content elsewhere and put a reference to it into the payload.`,
      { backend: this.store.backend, operation: "pause", key, outcome: "not-applied" },
    );
  }

  #conflict(taskId: string, operation: string, problem: string): CheckpointError {
    const key = documentKey(taskId);
    return new CheckpointError(
      "conflict",
      `${this.store.backend}: cannot ${operation} the task ${quoteId(taskId)}: its document ${JSON.stringify(key)} at ${this.store.location} ${problem}`,
      { backend: this.store.backend, operation, key, retryable: true, outcome: "not-applied" },
    );
  }
}

/** Whether nobody waits for what a document is about. */
function mayGo(document: PauseDocument): boolean {
  return document.state === "alias" ? document.expires === true : document.state !== "paused";
}
