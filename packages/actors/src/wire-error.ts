import { LedgerError } from "@holdpoint/asya";
import { CheckpointError, redactCredentials } from "@holdpoint/core";
import { isError } from "@holdpoint/core/driver";

/** The body of an answer that reports a failure. */
export interface WireError {
  readonly error: "msg_parsing_error" | "processing_error";
  readonly details: {
    readonly message: string;
    /** The stable name that retry policies match on. */
    readonly type: string;
    /** `type` and then what it is a kind of, the most general last. */
    readonly mro: readonly string[];
    readonly traceback: string;
  };
}

// Spelled out rather than derived, because operators write these names into their retry policies.
const ledgerErrorTypes = {
  "invalid-message": "InvalidMessageError",
  "invalid-input": "InvalidInputError",
  "task-not-found": "TaskNotFoundError",
  "already-resumed": "AlreadyResumedError",
  canceled: "TaskCanceledError",
  "ambiguous-task": "AmbiguousTaskError",
  "repeated-resume": "RepeatedResumeError",
} as const satisfies Record<LedgerError["code"], string>;

const checkpointErrorTypes = {
  conflict: "CheckpointConflictError",
  "not-found": "CheckpointNotFoundError",
  "invalid-argument": "CheckpointInvalidArgumentError",
  "too-large": "CheckpointTooLargeError",
  unsupported: "CheckpointUnsupportedError",
  "permission-denied": "CheckpointPermissionDeniedError",
  unavailable: "CheckpointUnavailableError",
  timeout: "CheckpointTimeoutError",
  aborted: "CheckpointAbortedError",
  corrupt: "CheckpointCorruptError",
  closed: "CheckpointClosedError",
} as const satisfies Record<CheckpointError["code"], string>;

/** What a failure looks like on the wire. */
export function wireError(error: WireError["error"], failure: unknown): WireError {
  const mro = errorLineage(failure);
  const message = redactCredentials(isError(failure) ? failure.message : "The handler threw what is no Error.");
  return { error, details: { message, type: mro[0] ?? "Error", mro, traceback: traceback(failure) } };
}

/** The name of an error's type and the names of what it is a kind of, the most general last. */
export function errorLineage(failure: unknown): readonly string[] {
  if (LedgerError.is(failure)) return [ledgerErrorTypes[failure.code], "LedgerError", "Error"];
  if (CheckpointError.is(failure)) return [checkpointErrorTypes[failure.code], "CheckpointError", "Error"];
  if (!isError(failure)) return ["Error"];
  const classes: string[] = [];
  for (
    let proto: unknown = Object.getPrototypeOf(failure);
    typeof proto === "object" && proto !== null;
    proto = Object.getPrototypeOf(proto)
  ) {
    classes.push(proto.constructor.name);
  }
  const kinds = classes.filter((name) => name !== "Object" && name !== "");
  // A name that an author chose survives a bundler that shortens class names.
  const own = failure.name === "" || (failure.name === "Error" && kinds[0] !== "Error") ? kinds[0] : failure.name;
  return [...new Set([own ?? "Error", ...kinds, "Error"])];
}

/**
 * Where a failure came from: its stack and that of its causes, without their messages, which an SDK may fill with
 * addresses, credentials or the content of a request.
 */
function traceback(failure: unknown): string {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  for (let error = failure; isError(error) && !seen.has(error); error = error.cause) {
    seen.add(error);
    const places = (error.stack ?? "").split("\n").filter((line) => /^\s+at /u.test(line));
    parts.push([errorLineage(error)[0], ...places].join("\n"));
  }
  return redactCredentials(parts.join("\nCaused by: "));
}
