import { connectionFailure, DriverFailureError, retryAfterMs, serverWords, isError } from "@holdpoint/core/driver";
import type { DriverFailure } from "@holdpoint/core/driver";

import type { GcsAnswer } from "./gcs-answer.ts";

/** Cloud Storage has answered with a status other than success. */
export class GcsAnswerError extends Error {
  override readonly name = "GcsAnswerError";
  readonly answer: GcsAnswer;

  constructor(answer: GcsAnswer) {
    super(`status ${answer.status}`);
    this.answer = answer;
  }
}

/** What an error of a request to Cloud Storage means. */
export function classifyGcsError(error: unknown): DriverFailure {
  if (error instanceof DriverFailureError) return error.failure;
  if (error instanceof GcsAnswerError) return classifyAnswer(error.answer);
  return connectionFailure(error, { tls }) ?? classifyOther(systemCodeOf(error));
}

/** Whether the server answered with this HTTP status. */
export function hasStatus(error: unknown, status: number): boolean {
  return error instanceof GcsAnswerError && error.answer.status === status;
}

/**
 * Whether a 404 is about the bucket rather than about an object in it. The JSON API has no code that tells the two
 * apart, only this sentence; the XML API has a code.
 *
 * @see https://cloud.google.com/storage/docs/xml-api/reference-status#404%E2%80%94not_found
 */
export function isMissingBucket(error: unknown): boolean {
  if (!(error instanceof GcsAnswerError) || error.answer.status !== 404) return false;
  const { reason, text } = readAnswer(error.answer);
  return reason === "NoSuchBucket" || /\bspecified bucket does not exist\b/iu.test(text);
}

/** What the search for credentials, or their exchange for a token, has failed with. */
export function credentialsFailure(error: unknown): DriverFailure {
  const connection = connectionFailure(error);
  // The same the next time: a certificate, for example.
  if (connection?.retryable === false) {
    return { ...connection, outcome: "not-applied", message: `the token server cannot be used: ${connection.message}` };
  }
  const problem = credentialsProblem(error);
  return {
    code: problem.isPassing ? "unavailable" : "permission-denied",
    retryable: problem.isPassing,
    outcome: "not-applied",
    message: `no credentials could be had: ${problem.text}`,
    remedy:
      "Set GOOGLE_APPLICATION_CREDENTIALS, run `gcloud auth application-default login`, or give the workload an identity; for an emulator, set STORAGE_EMULATOR_HOST.",
  };
}

function credentialsProblem(error: unknown): { readonly text: string; readonly isPassing: boolean } {
  // The message of a syntax error quotes the file, and the file holds the private key.
  if (isError(error) && error.name === "SyntaxError")
    return { text: "the credential file is not JSON", isPassing: false };
  // The SDK's errors of requests to the server that gives tokens. Their own text may quote the request.
  const { config, response } = Object(error) as { config?: unknown; response?: { status?: number } };
  if (response?.status !== undefined) {
    const { status } = response;
    return { text: `the token server answered with status ${status}`, isPassing: status === 429 || status >= 500 };
  }
  if (config !== undefined) {
    return { text: `the token server could not be reached (${systemCodeOf(error) ?? "no code"})`, isPassing: true };
  }
  return { text: isError(error) ? serverWords(error.message) : "the SDK gave no reason", isPassing: false };
}

function classifyAnswer(answer: GcsAnswer): DriverFailure {
  const { status } = answer;
  const { reason, text } = readAnswer(answer);
  const said = text === "" ? `status ${status}` : `status ${status}: ${serverWords(text)}`;
  if (status === 412) {
    return { code: "conflict", retryable: false, outcome: "not-applied", message: "the precondition does not hold" };
  }
  if (status === 404) {
    return {
      code: "not-found",
      retryable: false,
      outcome: "not-applied",
      message: `the bucket does not exist (${said})`,
      remedy: "Check the bucket's name, and that a Cloud Storage server is at this address.",
    };
  }
  // Some quotas are reported as 403: https://cloud.google.com/storage/docs/json_api/v1/status-codes
  if (status === 429 || (status === 403 && /rateLimit|quota/iu.test(reason))) {
    return {
      code: "unavailable",
      retryable: true,
      outcome: "not-applied",
      message: `the server limits the rate of requests (${said})`,
      remedy: "Cloud Storage takes about one write per second to the same object.",
      retryAfterMs: retryAfterMs(answer.header("retry-after")),
    };
  }
  if (status === 401 || status === 403) {
    return {
      code: "permission-denied",
      retryable: false,
      outcome: "not-applied",
      message: `access was denied (${said})`,
      remedy:
        "Grant storage.objects.get, storage.objects.create and storage.objects.delete on the bucket, and storage.objects.list for listings. Without storage.objects.list, a read of what does not exist is denied too.",
    };
  }
  if (status === 413) {
    return {
      code: "too-large",
      retryable: false,
      outcome: "not-applied",
      message: `the object is too large (${said})`,
    };
  }
  // A request that timed out on the server, or failed there, may have been carried out.
  const retryable = status === 408 || status === 500 || status === 502 || status === 503 || status === 504;
  return {
    code: "unavailable",
    retryable,
    outcome: status === 408 || status >= 500 ? "unknown" : "not-applied",
    message: `the server answered with ${said}`,
    remedy: retryable ? undefined : "Check that a Cloud Storage server is at this address.",
    retryAfterMs: retryable ? retryAfterMs(answer.header("retry-after")) : undefined,
  };
}

/** The reason and the sentence in an error of the JSON API or the XML API, or in plain text, which media requests get. */
function readAnswer({ body }: GcsAnswer): { readonly reason: string; readonly text: string } {
  const text = Buffer.from(body).toString();
  try {
    const { error } = JSON.parse(text) as { error: { message?: unknown; errors?: readonly { reason?: unknown }[] } };
    return { reason: textOf(error.errors?.[0]?.reason), text: textOf(error.message) };
  } catch {
    const reason = /<Code>([^<]*)<\/Code>/u.exec(text)?.[1] ?? "";
    const details = /<Details>([^<]*)<\/Details>/u.exec(text)?.[1];
    const message = /<Message>([^<]*)<\/Message>/u.exec(text)?.[1];
    return { reason, text: details ?? message ?? (text.startsWith("<") ? "" : text) };
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

const tls = "Check whether a Cloud Storage server is there, and whether it speaks http or https.";

function classifyOther(code: string | undefined): DriverFailure {
  if (code === undefined) {
    return { code: "unavailable", retryable: false, outcome: "unknown", message: "the answer could not be understood" };
  }
  const message = `the request failed before its answer was complete (${code})`;
  return { code: "unavailable", retryable: true, outcome: "unknown", message };
}

/** The operating system's or Node's code; the SDK wraps errors that have one. */
function systemCodeOf(error: unknown): string | undefined {
  for (let depth = 0; depth < 8 && isError(error); depth += 1) {
    const { code, cause } = error as { code?: unknown; cause?: unknown };
    if (typeof code === "string") return code;
    error = cause;
  }
  return undefined;
}
