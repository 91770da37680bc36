import { InboxError } from "../inbox-error.ts";
import { isThisMachine } from "../is-this-machine.ts";
import { NoticeFailure } from "./notice-failure.ts";

/**
 * An address that notices are posted to. It may hold a credential, so no message shows it.
 *
 * @throws {InboxError} `invalid-argument`
 */
export function readPostAddress(target: string, address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isPrivate = url?.protocol === "https:" || (url?.protocol === "http:" && isThisMachine(url.hostname));
  if (url === undefined || !isPrivate || url.username !== "" || url.password !== "") {
    throw new InboxError(
      "invalid-argument",
      `The address of the target ${JSON.stringify(target)}: expected one that begins with https://, without a user.`,
    );
  }
  return url;
}

/**
 * Posts JSON to an address, and to no other that it leads to.
 *
 * @throws {NoticeFailure} if it was not taken
 */
export async function postNotice(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
      // Who is told is for the configuration to say.
      redirect: "manual",
      signal,
    });
    await response.body?.cancel();
  } catch (error) {
    throw new NoticeFailure(`it cannot be reached (${reasonOf(error)})`);
  }
  if (!response.ok) throw new NoticeFailure(`it answered ${response.status}`, readRetryAfter(response));
}

/** Why, without the address: what `fetch` says itself may have it. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as { readonly name?: unknown; readonly cause?: { readonly code?: unknown } };
  return typeof cause?.code === "string" ? cause.code : String(name);
}

function readRetryAfter(response: Response): number | undefined {
  const seconds = response.headers.get("retry-after") ?? "";
  return /^\d{1,6}$/u.test(seconds) ? Number(seconds) * 1_000 : undefined;
}
