import { createHash, timingSafeEqual } from "node:crypto";

import type { Person } from "@holdpoint/core/holds";

import { InboxError } from "../inbox-error.ts";
import type { Viewer } from "../viewer.ts";

/** Every scope, for those who read them. */
export const apiScopes = ["read", "ask", "answer", "act", "settle", "behalf"] as const;

/**
 * What a token lets its holder do.
 *
 * - `read`: list, look and wait
 * - `ask`: open holds, and cancel those that it has opened
 * - `answer`: answer, as itself
 * - `act`: claim, renew and end a claim
 * - `settle`: say what happened to what is in doubt, and cancel what anybody has opened
 * - `behalf`: name somebody else who asks, answers, cancels or settles; the record has both
 */
export type ApiScope = (typeof apiScopes)[number];

/** A program that may use the API. */
export interface ApiToken {
  /** What {@link apiTokenDigest} makes of the token. The token itself is kept nowhere. */
  readonly digest: string;
  /** Who it is, for the record and for the rules. */
  readonly person: Person;
  readonly scopes: readonly ApiScope[];
  /** The groups that the rules may name. What it has opened itself it sees in any case. @default none */
  readonly groups?: readonly string[] | undefined;
  /** The labels that it may set, as `name=value` or `name=*`. @default every label where there are no rules, else none */
  readonly labels?: readonly string[] | undefined;
}

/** Whoever sent a request, and what they may do. */
export interface ApiCaller extends Viewer {
  readonly scopes: readonly ApiScope[];
  readonly labels: readonly string[] | undefined;
}

const minTokenCharacters = 32;

/**
 * What is kept of a token.
 *
 * @throws {InboxError} `invalid-argument` if the token is shorter than 32 characters
 * @example
 * ```ts
 * const token = randomBytes(32).toString("base64url");
 * const digest = apiTokenDigest(token); // goes into the configuration; the token goes to the program
 * ```
 */
export function apiTokenDigest(token: string): string {
  if (token.length < minTokenCharacters) {
    throw new InboxError("invalid-argument", `A token of the API: expected at least ${minTokenCharacters} characters.`);
  }
  return digestOf(token);
}

/** Who has a token; `undefined` if nobody has. */
export function findCaller(tokens: readonly ApiToken[], authorization: string | null): ApiCaller | undefined {
  const token = /^Bearer ([\w.~+/=-]+)$/iu.exec(authorization ?? "")?.[1];
  if (token === undefined) return undefined;
  const digest = Buffer.from(digestOf(token));
  const found = tokens.find((known) => {
    const bytes = Buffer.from(known.digest);
    return bytes.byteLength === digest.byteLength && timingSafeEqual(bytes, digest);
  });
  if (found === undefined) return undefined;
  const { person, scopes, groups = [], labels } = found;
  return { person, scopes, groups, labels };
}

function digestOf(token: string): string {
  return `sha256:${createHash("sha256").update(token).digest("hex")}`;
}
