import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

import type { Person } from "@holdpoint/core/holds";

/** Options of {@link localLogin}. */
export interface LocalLoginOptions {
  /** Who has answered, for the record, when somebody answers who has logged in so. */
  readonly person: Person;
  /** Shows a token to whoever may log in, such as on the terminal that the inbox was started at. */
  readonly print: (token: string) => void;
  /** The groups that they are in, where there are rules. @default none */
  readonly groups?: readonly string[] | undefined;
}

/** No faster than this are new tokens printed, however often a page asks for one. */
const printEveryMs = 2_000;

/**
 * A login for the machine that the inbox runs on: whoever reads the token where it is printed may log in with it, once.
 * A new one is printed whenever the login page asks for one.
 *
 * @example
 * ```ts
 * const authentication = localLogin({ person: "ada@laptop", print: (token) => console.log(token) });
 * ```
 */
export function localLogin(options: LocalLoginOptions): LocalLogin {
  return new LocalLogin(options);
}

/** What {@link localLogin} makes. */
export class LocalLogin {
  readonly kind = "local";
  readonly person: Person;
  readonly groups: readonly string[];
  readonly #print: (token: string) => void;
  #token: string | undefined;
  #printedAt = Number.NEGATIVE_INFINITY;

  constructor({ person, print, groups = [] }: LocalLoginOptions) {
    this.person = person;
    this.groups = groups;
    this.#print = print;
  }

  /** Prints a new token, in whose place no older one is good any more. */
  printToken(): void {
    const now = performance.now();
    if (now - this.#printedAt < printEveryMs) return;
    this.#printedAt = now;
    this.#token = randomBytes(20).toString("base64url");
    this.#print(this.#token);
  }

  /** Whether this is the token that was printed last. It is good once. */
  redeem(token: string): boolean {
    if (this.#token === undefined || !timingSafeEqual(digest(token), digest(this.#token))) return false;
    this.#token = undefined;
    // Whoever logs out may want the next one at once.
    this.#printedAt = Number.NEGATIVE_INFINITY;
    return true;
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
