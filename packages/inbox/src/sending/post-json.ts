import type { IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

import { InboxError } from "../inbox-error.ts";
import { privateAddressCode, ReachableAddresses } from "./reachable-addresses.ts";
import { SendFailure } from "./send-failure.ts";

/** Where JSON is posted to, as the configuration says it. */
export interface PostOptions {
  /** Redirects are not followed. Plain `http:` only leads to this machine, and to listed private addresses. */
  readonly url: string;
  /**
   * Private addresses that the host's name may lead to, such as `10.1.2.3` or `10.0.0.0/8`. An address that `url` itself
   * has needs none. @default none; a name that leads to a private address is not followed
   */
  readonly privateAddresses?: readonly string[] | undefined;
}

/** An address that JSON is posted to. */
export interface PostAddress {
  readonly url: URL;
  readonly reachable: ReachableAddresses;
}

/**
 * Reads where JSON is posted to. The address may hold a credential, so no message shows it.
 *
 * @throws {InboxError} `invalid-argument`
 */
export function readPostAddress(target: string, { url: text, privateAddresses = [] }: PostOptions): PostAddress {
  const refuse = (what: string): never => {
    throw new InboxError("invalid-argument", `${what} of the target ${JSON.stringify(target)}.`);
  };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/u.test(url.protocol) || url.username !== "" || url.password !== "") {
    return refuse("Expected an address that begins with https://, without a user, as the one");
  }
  let reachable: ReachableAddresses;
  try {
    reachable = new ReachableAddresses(url.hostname, privateAddresses, url.protocol === "https:");
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refuse(
      `Expected addresses such as 10.1.2.3 or 10.0.0.0/8, not ${JSON.stringify(error.message)}, in privateAddresses`,
    );
  }
  if (!reachable.isAny) {
    return refuse(
      "Without TLS only this machine and listed private addresses are reached; expected an address that begins with https:// as the one",
    );
  }
  return { url, reachable };
}

/**
 * Posts JSON to an address, and to no other that it leads to.
 *
 * @throws {SendFailure} if it was not taken
 */
export async function postJson(
  { url, reachable }: PostAddress,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  let response: IncomingMessage;
  try {
    response = await post(url, body, headers, { lookup: reachable.lookup, signal });
  } catch (error) {
    throw new SendFailure(`it cannot be reached (${reasonOf(error)})`);
  }
  // Nothing that it says beyond that is kept.
  response.destroy();
  const { statusCode = 0 } = response;
  if (statusCode >= 200 && statusCode < 300) return;
  const isRefusal = statusCode >= 300 && statusCode < 500 && !laterStatuses.has(statusCode);
  throw new SendFailure(`it answered ${statusCode}`, { isRefusal, retryAfterMs: readRetryAfter(response) });
}

/** What says that the same may be taken later: too slow, too early, too many. */
const laterStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

async function post(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  { lookup, signal }: { readonly lookup: ReachableAddresses["lookup"]; readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const bytes = Buffer.from(body);
  const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(
    url,
    {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": bytes.byteLength, ...headers },
      // A connection that was kept open would be to what its name led to before.
      agent: false,
      lookup,
      signal,
    },
    resolve,
  );
  request.on("error", reject);
  request.end(bytes);
  return await promise;
}

/** Why, without the address, which may hold a credential. */
function reasonOf(error: unknown): string {
  const { name, code, errors } = error as {
    readonly name?: unknown;
    readonly code?: unknown;
    readonly errors?: unknown;
  };
  if (code === privateAddressCode) return "its name leads to a private address that is not listed";
  const [first]: readonly unknown[] = Array.isArray(errors) ? errors : [];
  if (typeof code === "string") return code;
  return first === undefined ? String(name) : reasonOf(first);
}

function readRetryAfter({ headers }: IncomingMessage): number | undefined {
  const seconds = headers["retry-after"] ?? "";
  return /^\d{1,6}$/u.test(seconds) ? Number(seconds) * 1_000 : undefined;
}
