import { HoldError } from "./hold-error.ts";
import type { Person } from "./hold-document.ts";

/** Who says who does something, where that is not whoever does it. */
export interface ViaOptions {
  /** The program that acts for `by`, and vouches that it is them. Both are kept. @default nobody but `by` */
  readonly via?: Person | undefined;
}

/** Who does something. */
export interface Doer {
  readonly by: Person;
  readonly via?: Person;
}

/** Who acts where nobody says. */
const unknownPerson = "unknown";

/** Longest name, issuer or subject, in characters. */
const maxCharacters = 512;

/**
 * Whether two are the same person. A name alone is never the same as one that an issuer vouches for.
 *
 * @example
 * ```ts
 * isSamePerson("ada", { issuer: "https://login.example.com", subject: "ada" }); // false
 * ```
 */
export function isSamePerson(left: Person, right: Person): boolean {
  if (typeof left === "string" || typeof right === "string") return left === right;
  return left.issuer === right.issuer && left.subject === right.subject;
}

/** What to call a person in a message. */
export function personName(person: Person | undefined): string {
  if (person === undefined) return JSON.stringify(unknownPerson);
  if (typeof person === "string") return JSON.stringify(person);
  return `${JSON.stringify(person.subject)} (${person.issuer})`;
}

/** @throws {HoldError} `invalid-argument` */
export function readPerson(value: unknown, name: string): Person {
  if (isName(value)) return value;
  if (typeof value === "object" && value !== null && "issuer" in value && "subject" in value) {
    const { issuer, subject } = value;
    if (isName(issuer) && isName(subject)) return { issuer, subject };
  }
  throw new HoldError(
    "invalid-argument",
    `${name}: expected a name, or { issuer, subject }, each of 1 to ${maxCharacters} characters.`,
  );
}

/**
 * Who does something, and who says so where that is somebody else.
 *
 * @throws {HoldError} `invalid-argument`
 */
export function readDoer({ by = unknownPerson, via }: { readonly by?: Person | undefined } & ViaOptions): Doer {
  const doer = { by: readPerson(by, "by") };
  return via === undefined ? doer : { ...doer, via: readPerson(via, "via") };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= maxCharacters;
}
