import type { DriverRecord } from "./checkpoint-driver.ts";
import type { Doubt } from "./doubt.ts";
import type { FailedAttempt, Operation } from "./operation.ts";

/** A write that {@link settleWrite} carries out. */
export interface SettledWrite<Result> {
  /** One attempt. */
  send(signal: AbortSignal): Promise<Result>;
  /** Reads what is stored; `durable` as in {@link ReadContext}. */
  read(signal: AbortSignal, durable: boolean): Promise<DriverRecord | null>;
  /** What the value that is stored now says about a write that is in doubt: see {@link judgeWrite}. */
  judge(record: DriverRecord | null): "applied" | "conflict" | "pending" | "unknown";
  /** What a write resolves to that has been found to be applied. */
  resultOf(record: DriverRecord | null): Result;
  /** Whether each attempt in doubt is followed by a look at what is stored, and not only one that met a conflict. */
  readonly looksFirst: boolean;
  /** Whether a write that is found applied has to be read once more, durably, since it then counts as acknowledged. */
  readonly confirms: boolean;
}

/** Tries a write until it is known to be applied or not, or until the policy ends it; then nothing is known for certain. */
export function settleWrite<Result>(
  operation: Operation,
  doubt: Doubt,
  write: SettledWrite<Result>,
  attempt = 1,
): Promise<Result> {
  // Nearly every write succeeds at once, and has no layer for the rest.
  return operation
    .attempt((signal) => write.send(signal))
    .catch(async (error: unknown) => {
      const failed = operation.failed(error);
      const { code, outcome, retryable } = failed.failure;
      doubt.add(failed);
      const metSomething = code === "conflict";
      if (metSomething && !doubt.isOpen) throw doubt.conflict(failed);
      if (metSomething || (write.looksFirst && outcome === "unknown")) {
        let record = await readBack(operation, doubt, write, failed, false);
        if (write.confirms && write.judge(record) === "applied") {
          record = await readBack(operation, doubt, write, failed, true);
        }
        const judgement = write.judge(record);
        if (judgement === "applied") return write.resultOf(record);
        if (judgement === "conflict") throw doubt.conflict(failed);
        if (judgement === "unknown") throw doubt.overwritten(failed);
      }
      // A conflict although the precondition holds by now: ask once more.
      const mayRepeat = (retryable || metSomething) && attempt < operation.maxAttempts;
      const last = mayRepeat ? await operation.backOff(attempt, failed) : failed;
      if (last !== undefined) throw doubt.error(last);
      return await settleWrite(operation, doubt, write, attempt + 1);
    });
}

/** Goes on until the deadline: not to know costs the caller more than the time that is left. */
async function readBack<Result>(
  operation: Operation,
  doubt: Doubt,
  write: SettledWrite<Result>,
  failed: FailedAttempt,
  durable: boolean,
): Promise<DriverRecord | null> {
  try {
    return await operation.repeat((signal) => write.read(signal, durable), Infinity);
  } catch {
    throw doubt.unread(failed);
  }
}
