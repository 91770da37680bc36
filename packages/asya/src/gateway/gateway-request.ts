import type { JsonObject } from "@holdpoint/core";
import { isError } from "@holdpoint/core/driver";
import { isJsonObject, parseLosslessJson } from "@holdpoint/core/json";

import { GatewayError } from "./gateway-error.ts";

/** What every request to one gateway needs. */
export interface GatewayAccess {
  readonly timeoutMs: number;
  /** Headers that authenticate; their values are in no message. */
  readonly credentials: Readonly<Record<string, string>>;
}

/** One request. */
export interface GatewayRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: URL;
  readonly body?: unknown;
  /** Whether it changes nothing, whatever becomes of it. @default true for GET */
  readonly isRead?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A gateway's answer. */
export interface GatewayAnswer {
  readonly status: number;
  /** Its body, where that is a JSON object. */
  readonly json: JsonObject | undefined;
  /** The beginning of its body, for a message to people. */
  readonly excerpt: string;
}

const maxAnswerBytes = 1024 * 1024;
const excerptLength = 200;
// Where nobody has heard us, nothing can have happened.
const neverArrived = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "ERR_INVALID_URL",
]);

/**
 * Sends one request and reads its answer. Follows no redirect, which would hand key and answer to whoever it names.
 *
 * @throws {GatewayError} `unreachable`, `unauthorized`, `unexpected-answer`
 */
export async function sendToGateway(request: GatewayRequest, access: GatewayAccess): Promise<GatewayAnswer> {
  const { method, url, body, signal, isRead = method === "GET" } = request;
  const timeout = AbortSignal.timeout(access.timeoutMs);
  try {
    const response = await fetch(url, {
      method,
      redirect: "manual",
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...access.credentials,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await readText(response);
    assertNoRedirect(response.status, url);
    assertAuthorized(response.status, url, access);
    return { status: response.status, json: jsonOf(text), excerpt: excerptOf(text, access) };
  } catch (error) {
    if (error instanceof GatewayError || signal?.aborted === true) throw error;
    const code = codeOf(error);
    const outcome = isRead || (code !== undefined && neverArrived.has(code)) ? "not-applied" : "unknown";
    const problem = timeout.aborted
      ? `did not answer within ${access.timeoutMs} ms`
      : `cannot be reached (${code ?? "the connection broke"})`;
    throw new GatewayError(
      "unreachable",
      `The gateway at ${url.href} ${problem}. Check its address, and that it can be reached from here.`,
      { outcome, cause: error },
    );
  }
}

/** The error for an answer that no gateway of this generation gives. */
export function unexpectedAnswer(
  url: URL,
  { status, excerpt }: GatewayAnswer,
  options: { outcome?: "unknown" } = {},
): GatewayError {
  return new GatewayError(
    "unexpected-answer",
    `What answers at ${url.href} is no gateway that is known here: ${status}${excerpt === "" ? "" : `, ${JSON.stringify(excerpt)}`}.`,
    options,
  );
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    // Whatever it is, it is no answer to us; nothing of it is kept.
    if (bytes > maxAnswerBytes) return "";
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function assertNoRedirect(status: number, url: URL): void {
  if (status < 300 || status > 399) return;
  throw new GatewayError(
    "unexpected-answer",
    `The gateway at ${url.href} answers with a redirect (${status}), which is not followed. Give the address that it leads to.`,
  );
}

function assertAuthorized(status: number, url: URL, { credentials }: GatewayAccess): void {
  if (status !== 401 && status !== 403) return;
  const given = Object.keys(credentials).length > 0;
  throw new GatewayError(
    "unauthorized",
    `The gateway at ${url.href} ${given ? "does not take the key or token it was given" : "wants a key or a token"} (${status}). Set HOLDPOINT_GATEWAY_KEY (sent as X-API-Key) or HOLDPOINT_GATEWAY_TOKEN (sent as a bearer token).`,
  );
}

function jsonOf(text: string): JsonObject | undefined {
  try {
    const value = parseLosslessJson(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A gateway's own words, without what we told it in confidence. */
function excerptOf(text: string, { credentials }: GatewayAccess): string {
  let shown = text.trim();
  for (const value of Object.values(credentials)) shown = shown.replaceAll(value.replace(/^Bearer /u, ""), "***");
  return shown.length > excerptLength ? `${shown.slice(0, excerptLength)}…` : shown;
}

function codeOf(error: unknown): string | undefined {
  if (!isError(error)) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  const [first]: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return codeOf(error.cause) ?? codeOf(first);
}
