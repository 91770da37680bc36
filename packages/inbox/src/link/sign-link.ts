import { createHmac, timingSafeEqual } from "node:crypto";

import * as v from "valibot";

import { InboxError } from "../inbox-error.ts";

/** What a signed link is for. */
export interface LinkRequest {
  /** The hold that it leads to, and no other. */
  readonly id: string;
  /** When that was asked: an id that was forgotten and asked anew is another question. @default any under the id */
  readonly openedAt?: Date | undefined;
  /** Who it was made for: they are recorded as `link:<person>`, since a link can be passed on. */
  readonly person: string;
  /** Until when it leads there. */
  readonly expiresAt: Date;
  /** `answer` lets whoever has the link answer once. @default "look" */
  readonly right?: "look" | "answer" | undefined;
}

/** Options of {@link signLink}. */
export interface SignLinkOptions {
  /** Where people reach the inbox. */
  readonly url: string;
  /** The first signs; an inbox takes what any of its own has signed, so that keys can be changed. At least 32 characters. */
  readonly keys: readonly string[];
}

const minKeyCharacters = 32;
const maxTokenCharacters = 4_096;

const claims = v.object({
  id: v.pipe(v.string(), v.nonEmpty()),
  person: v.pipe(v.string(), v.nonEmpty()),
  until: v.number(),
  opened: v.optional(v.number()),
  right: v.picklist(["look", "answer"]),
});

/** What a link says that was signed by one of the keys. */
export type LinkClaims = v.InferOutput<typeof claims>;

/**
 * An address that leads to one hold without a login, for one person and until a time. Whoever has it may look; with the
 * right `answer` they may answer too, until that person has, or the hold has ended.
 *
 * @throws {InboxError} `invalid-argument`
 * @example
 * ```ts
 * const link = signLink(
 *   { url: "https://inbox.example.com/", keys: ["a key of at least thirty-two characters"] },
 *   { id: "refund-42", person: "ada@example.com", expiresAt: new Date("2026-12-01") },
 * );
 * ```
 */
export function signLink(options: SignLinkOptions, request: LinkRequest): string {
  assertLinkKeys(options.keys);
  const [key = ""] = options.keys;
  const { id, openedAt, person, expiresAt, right = "look" } = request;
  const until = expiresAt.getTime();
  const opened = openedAt?.getTime();
  const problem = v.safeParse(claims, { id, person, until, right }).issues?.[0];
  if (problem !== undefined || Number.isNaN(until)) {
    const where = (problem === undefined ? undefined : v.getDotPath(problem)) ?? "expiresAt";
    throw new InboxError("invalid-argument", `The link's ${where.replace("until", "expiresAt")} is not one.`);
  }
  const text = Buffer.from(JSON.stringify({ id, person, until, right, opened })).toString("base64url");
  const url = new URL(options.url);
  url.pathname = `${url.pathname.replace(/\/$/u, "")}/link`;
  url.search = new URLSearchParams({ token: `${text}.${sign(key, text)}` }).toString();
  return url.href;
}

/** What a link's token says; `undefined` if none of the keys has signed it. Whether it is over, its reader looks. */
export function readLinkToken(keys: readonly string[], token: string): LinkClaims | undefined {
  const [text = "", signature = "", ...more] = token.slice(0, maxTokenCharacters).split(".");
  if (more.length > 0 || !keys.some((key) => isEqual(signature, sign(key, text)))) return undefined;
  return v.parse(claims, JSON.parse(Buffer.from(text, "base64url").toString()));
}

/** @throws {InboxError} `invalid-argument` */
export function assertLinkKeys(keys: readonly string[]): void {
  if (keys.length > 0 && keys.every((key) => key.length >= minKeyCharacters)) return;
  throw new InboxError(
    "invalid-argument",
    `Keys of links: expected one or more, of at least ${minKeyCharacters} characters each.`,
  );
}

function sign(key: string, text: string): string {
  return createHmac("sha256", key).update("holdpoint inbox: link\n").update(text).digest("base64url");
}

function isEqual(left: string, right: string): boolean {
  const [bytes, others] = [Buffer.from(left), Buffer.from(right)];
  return bytes.byteLength === others.byteLength && timingSafeEqual(bytes, others);
}
