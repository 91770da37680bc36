import type { CheckpointError } from "./checkpoint-error.ts";
import type { FailedAttempt, Operation } from "./operation.ts";
import { abortedFailure, conflictFailure, overwrittenFailure } from "./store-failures.ts";

/**
 * What is known of one write while it goes on, and the only place where its errors are made.
 *
 * There is doubt once an attempt has ended in a way that leaves open whether it was or will be applied. From then on
 * a failed precondition proves nothing, since the write may have met its own first attempt: only what is stored can show
 * that somebody else was first. So `conflict` always means that the write was not applied.
 */
export class Doubt {
  readonly #operation: Operation;
  /** The first attempt that left its outcome open. */
  #source: FailedAttempt | undefined;

  constructor(operation: Operation) {
    this.#operation = operation;
  }

  get isOpen(): boolean {
    return this.#source !== undefined;
  }

  /** Takes in how an attempt at the write ended. */
  add(failed: FailedAttempt): void {
    const { outcome, code } = failed.failure;
    if (outcome === "unknown" && code !== "conflict") this.#source ??= failed;
  }

  /** The error for a write whose attempts are over, the last of which ended so. */
  error(last: FailedAttempt): CheckpointError {
    const source = this.#source;
    if (source === undefined) return this.#operation.error(last, "not-applied");
    // What that conflict was with, nobody has seen.
    return this.#operation.error(last.failure.code === "conflict" ? source : last, "unknown");
  }

  /** The error for a write that certainly was not applied, nor will be, because somebody else was first. */
  conflict({ failure, error }: FailedAttempt): CheckpointError {
    const conflict = failure.code === "conflict" ? failure : conflictFailure;
    return this.#operation.error({ failure: conflict, error }, "not-applied");
  }

  /** The error for a write that may have been applied before what is stored now was written or removed. */
  overwritten({ error }: FailedAttempt): CheckpointError {
    return this.#operation.error({ failure: overwrittenFailure, error }, "unknown");
  }

  /** The error for a write that only what is stored could tell about, and that could not be read. */
  unread(last: FailedAttempt): CheckpointError {
    return this.error(this.#operation.isAborted ? { failure: abortedFailure, error: last.error } : last);
  }
}
