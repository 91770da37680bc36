import { CheckpointError } from "@holdpoint/core";
import type { CheckpointErrorCode } from "@holdpoint/core";
import type { HoldErrorCode, Person } from "@holdpoint/core/holds";
import { HoldError } from "@holdpoint/core/holds";
import type { Context } from "hono";

/** What a request came to that failed, as RFC 9457 has it. */
export interface ApiProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** What programs act on. */
  readonly code: HoldErrorCode | CheckpointErrorCode | ApiProblemCode;
  readonly by?: Person | undefined;
  readonly at?: string | undefined;
  readonly agrees?: boolean | undefined;
  readonly violations?: readonly string[] | undefined;
}

/** The codes that are the API's own. */
export type ApiProblemCode = "unauthenticated" | "forbidden" | "not-json" | "unknown-address" | "internal";

/** A request that the API refuses by itself. */
export class ApiRefusal extends Error {
  override readonly name = "ApiRefusal";
  readonly code: ApiProblemCode | "invalid-argument" | "not-found" | "too-large";
  readonly status: number;

  constructor(status: number, code: ApiRefusal["code"], message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const holdStatuses: Readonly<Record<HoldErrorCode, number>> = {
  "invalid-argument": 400,
  "not-found": 404,
  "different-hold": 409,
  "invalid-answer": 422,
  "already-answered": 409,
  "already-voted": 409,
  "not-allowed": 403,
  "not-answered": 409,
  canceled: 409,
  expired: 409,
  acting: 409,
  done: 409,
  "in-doubt": 409,
  "claim-lost": 409,
  "not-in-doubt": 409,
  "not-ended": 409,
};

/** What is said of an error, and whether it is nothing that anybody expected. */
export function problemOf(error: unknown): { readonly problem: ApiProblem; readonly isUnexpected: boolean } {
  if (error instanceof ApiRefusal)
    return { problem: problem(error.status, error.code, error.message), isUnexpected: false };
  if (HoldError.is(error)) {
    const { code, message, by, at, agrees, violations } = error;
    const more = { by, at, agrees, ...(violations.length === 0 ? {} : { violations }) };
    return { problem: { ...problem(holdStatuses[code], code, message), ...more }, isUnexpected: false };
  }
  if (CheckpointError.is(error)) {
    const status = error.code === "too-large" ? 413 : error.retryable || error.code === "timeout" ? 503 : 500;
    // Where the store is, is nothing for those who ask from elsewhere.
    const detail = `The store has failed: ${error.code}.${error.outcome === "unknown" ? " Whether it took what was sent is not known; the same request again is safe." : ""}`;
    return { problem: problem(status, error.code, detail), isUnexpected: status !== 413 };
  }
  return { problem: problem(500, "internal", "Something went wrong."), isUnexpected: true };
}

/** The answer to a request that failed. */
export function problemResponse(context: Context, error: unknown): Response {
  const { problem: said } = problemOf(error);
  return context.body(JSON.stringify(said), said.status as 400, { "content-type": "application/problem+json" });
}

function problem(status: number, code: ApiProblem["code"], detail: string): ApiProblem {
  const title = code.replaceAll("-", " ").replace(/^./u, (first) => first.toUpperCase());
  return { type: `urn:holdpoint:problem:${code}`, title, status, detail, code };
}
