import { CheckpointError } from "@holdpoint/core";
import type { CheckpointErrorCode } from "@holdpoint/core";

/** The word for a failure in the body of an answer. */
export type ProxyErrorCode =
  | "bad_request"
  | "unsupported_attribute"
  | "permission_denied"
  | "key_not_found"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "too_large"
  | "internal_error"
  | "unavailable"
  | "timeout";

/** The status of each failure, of which Asya's runtime makes an exception: 404 a FileNotFoundError, and so on. */
export const statusOf: Readonly<Record<ProxyErrorCode, number>> = {
  bad_request: 400,
  unsupported_attribute: 400,
  permission_denied: 403,
  key_not_found: 404,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  internal_error: 500,
  unavailable: 503,
  timeout: 504,
};

/** A failure that the runtime is told of. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly code: ProxyErrorCode;

  constructor(code: ProxyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** What any error is for the runtime. */
  static of(error: unknown): ProxyError {
    if (error instanceof ProxyError) return error;
    if (!CheckpointError.is(error)) {
      return new ProxyError("internal_error", "The connector failed; its log says how.", { cause: error });
    }
    return new ProxyError(codeOfStore[error.code], error.message, { cause: error });
  }
}

const codeOfStore: Readonly<Record<CheckpointErrorCode, ProxyErrorCode>> = {
  conflict: "conflict",
  // Of the bucket or table: to a program it must not look like a missing file.
  "not-found": "internal_error",
  "invalid-argument": "bad_request",
  "too-large": "too_large",
  unsupported: "bad_request",
  "permission-denied": "permission_denied",
  unavailable: "unavailable",
  timeout: "timeout",
  aborted: "unavailable",
  corrupt: "internal_error",
  closed: "unavailable",
};

export function keyNotFound(key: string): ProxyError {
  return new ProxyError("key_not_found", `There is no key ${JSON.stringify(key)}.`);
}
