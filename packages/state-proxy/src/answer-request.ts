import type { IncomingMessage } from "node:http";

import { receiveBody } from "@holdpoint/actors/serving";
import type { MemoryBudget, MemoryLease } from "@holdpoint/actors/serving";

import type { ProxyAnswer } from "./proxy-answer.ts";
import { jsonAnswer } from "./proxy-answer.ts";
import { ProxyError } from "./proxy-error.ts";
import type { ProxyErrorCode } from "./proxy-error.ts";
import type { ProxyMetrics } from "./proxy-metrics.ts";
import type { RequestTarget } from "./request-target.ts";
import type { Reader, StateMount, WriteCondition } from "./state-mount.ts";
import { etagOf } from "./state-mount.ts";

// An attribute's value is a line, and not a file.
const maxAttributeBytes = 64 * 1024;

/** What requests are answered with. */
export interface AnswerContext {
  readonly mount: StateMount;
  readonly budget: MemoryBudget;
  readonly maxBodyBytes: number;
  readonly metrics: ProxyMetrics;
}

/** The peer has gone before its request was whole. */
export class BrokenRequestError extends Error {
  override readonly name = "BrokenRequestError";
}

/** A request and what belongs to it. */
interface ProxyRequest extends Reader {
  readonly request: IncomingMessage;
}

type Operation = (asked: ProxyRequest, context: AnswerContext) => Promise<ProxyAnswer>;

/** An operation and what it is called in logs and metrics. */
export interface NamedOperation {
  readonly name: string;
  readonly run: Operation;
}

/** What a request asks for. */
export function operationOf(method: string, target: RequestTarget): NamedOperation {
  const found = operationsOn(target);
  if (found === undefined) return refusal("not_found", "There is no such path; there are /keys/, /meta/ and /healthz.");
  const run = found[method as Method];
  return run ?? refusal("method_not_allowed", `${method} is no method of this path.`);
}

type Method = "GET" | "HEAD" | "PUT" | "DELETE";

function operationsOn(target: RequestTarget): Readonly<Partial<Record<Method, NamedOperation>>> | undefined {
  switch (target.kind) {
    case "health":
      return { GET: { name: "health", run: async () => jsonAnswer(200, { status: "ready" }) } };
    case "metrics":
      return { GET: { name: "metrics", run: readMetrics } };
    case "key": {
      const { key } = target;
      return {
        GET: { name: "read", run: (asked, context) => readKey(key, asked, context) },
        HEAD: { name: "stat", run: (asked, context) => statKey(key, asked, context) },
        PUT: { name: "write", run: (asked, context) => writeKey(key, asked, context) },
        DELETE: { name: "remove", run: (asked, context) => removeKey(key, asked, context) },
      };
    }
    case "listing":
      return {
        GET: { name: "list", run: (asked, context) => listKeys(target, asked, context) },
        // Of the mount itself.
        HEAD: { name: "stat", run: (asked, context) => statKey("", asked, context) },
      };
    case "attributes":
      return {
        GET: { name: "read attribute", run: (asked, context) => readAttributes(target, asked, context) },
        PUT: { name: "write attribute", run: (asked, context) => writeAttribute(target, asked, context) },
      };
    case "unknown":
      return undefined;
  }
}

function refusal(code: ProxyErrorCode, message: string): NamedOperation {
  return {
    name: "unknown",
    run: async () => {
      throw new ProxyError(code, message);
    },
  };
}

type ListingTarget = Extract<RequestTarget, { readonly kind: "listing" }>;
type AttributesTarget = Extract<RequestTarget, { readonly kind: "attributes" }>;

async function readMetrics(_asked: ProxyRequest, { metrics }: AnswerContext): Promise<ProxyAnswer> {
  const { contentType, body } = await metrics.text();
  return { status: 200, headers: { "Content-Type": contentType }, body };
}

async function readKey(key: string, reader: Reader, { mount }: AnswerContext): Promise<ProxyAnswer> {
  const value = await mount.read(key, reader);
  return {
    status: 200,
    headers: { "Content-Type": "application/octet-stream", ETag: etagOf(value.version) },
    body: value.body,
    onSent: () => mount.delivered(value),
  };
}

async function statKey(key: string, reader: Reader, { mount }: AnswerContext): Promise<ProxyAnswer> {
  const state = await mount.state(key, reader);
  if (state.kind === "directory") return { status: 200, headers: { "X-Is-File": "false", "Content-Length": "0" } };
  const headers = {
    "X-Is-File": "true",
    "Content-Length": String(state.sizeBytes),
    ETag: etagOf(state.version),
  };
  return { status: 200, headers };
}

async function writeKey(
  key: string,
  { request, lease }: ProxyRequest,
  { mount, maxBodyBytes }: AnswerContext,
): Promise<ProxyAnswer> {
  const seen = mount.beginWrite(key);
  const body = await receiveWhole(request, maxBodyBytes, lease);
  if (key.endsWith("/")) throw new ProxyError("bad_request", `${JSON.stringify(key)} names a directory, not a file.`);
  const { version } = await mount.write(key, body, conditionOf(request), seen);
  return { status: 204, headers: { ETag: etagOf(version) } };
}

async function removeKey(key: string, asked: ProxyRequest, { mount }: AnswerContext): Promise<ProxyAnswer> {
  await mount.remove(key, conditionOf(asked.request).ifVersion, asked);
  return { status: 204 };
}

async function listKeys(
  { prefix, delimiter }: ListingTarget,
  { signal }: ProxyRequest,
  { mount }: AnswerContext,
): Promise<ProxyAnswer> {
  return jsonAnswer(200, await mount.list(prefix, delimiter, signal));
}

async function readAttributes(
  { key, attribute }: AttributesTarget,
  reader: Reader,
  { mount }: AnswerContext,
): Promise<ProxyAnswer> {
  if (attribute === undefined) return jsonAnswer(200, { attrs: await mount.attributes(key, reader) });
  return jsonAnswer(200, { attr: attribute, value: await mount.attribute(key, attribute, reader) });
}

async function writeAttribute(
  { key, attribute }: AttributesTarget,
  asked: ProxyRequest,
  { mount }: AnswerContext,
): Promise<ProxyAnswer> {
  const body = await receiveWhole(asked.request, maxAttributeBytes, asked.lease);
  if (attribute === undefined) throw new ProxyError("bad_request", "Which attribute is to be set? Add ?attr=name.");
  await mount.setAttribute(key, attribute, valueOf(body), asked);
  return { status: 204 };
}

/**
 * @throws {ProxyError} `too_large`
 * @throws {BrokenRequestError} if the body does not arrive whole
 */
async function receiveWhole(request: IncomingMessage, maxBytes: number, lease: MemoryLease): Promise<Uint8Array> {
  let body: Uint8Array | undefined;
  try {
    body = await receiveBody(request, maxBytes, lease);
  } catch (error) {
    throw new BrokenRequestError("the request broke off", { cause: error });
  }
  if (body !== undefined) return body;
  throw new ProxyError("too_large", `The body is larger than the ${maxBytes} bytes that the store takes.`);
}

function conditionOf({ headers }: IncomingMessage): WriteCondition {
  const { "if-none-match": ifNoneMatch, "if-match": ifMatch } = headers;
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") {
    throw new ProxyError("bad_request", "If-None-Match can only be *.");
  }
  const version = ifMatch === undefined ? undefined : /^"(?<version>[^"]+)"$/u.exec(ifMatch)?.groups?.["version"];
  if (ifMatch !== undefined && (version === undefined || ifNoneMatch !== undefined)) {
    throw new ProxyError("bad_request", "If-Match takes one ETag, and not together with If-None-Match.");
  }
  return { exclusive: ifNoneMatch !== undefined, ifVersion: version };
}

function valueOf(body: Uint8Array): unknown {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    parsed = undefined;
  }
  if (typeof parsed === "object" && parsed !== null && "value" in parsed) return parsed.value;
  throw new ProxyError("bad_request", 'The body is not a JSON object such as {"value": "60"}.');
}
