import { maxKeyBytes } from "../store/checkpoint-key.ts";
import { waitingPrefixes } from "../store/waiting-prefixes.ts";
import { HoldError } from "./hold-error.ts";

const [, , prefix] = waitingPrefixes;
const suffix = ".json";
/** The prefix of all signs of life. */
export const leasePrefix = "hold-leases/";

/** The longest id, in UTF-8 bytes: what the longest key leaves. */
const maxIdBytes = maxKeyBytes - leasePrefix.length - suffix.length;

/** The prefix of all holds' keys. */
export const holdPrefix = prefix;

/** The key of a hold's document. */
export function holdKey(id: string): string {
  return `${prefix}${id}${suffix}`;
}

/** The key at which whoever acts on a hold shows that they live. */
export function leaseKey(id: string): string {
  return `${leasePrefix}${id}${suffix}`;
}

/** The id of a hold's key; `undefined` if the key is not one. */
export function holdIdOfKey(key: string): string | undefined {
  return key.startsWith(prefix) && key.endsWith(suffix) && key.length > prefix.length + suffix.length
    ? key.slice(prefix.length, -suffix.length)
    : undefined;
}

/** The id of the hold whose worker's sign of life this is; `undefined` if it is none. */
export function holdIdOfLease(key: string): string | undefined {
  return key.startsWith(leasePrefix) && key.endsWith(suffix) && key.length > leasePrefix.length + suffix.length
    ? key.slice(leasePrefix.length, -suffix.length)
    : undefined;
}

/** @throws {HoldError} `invalid-argument` */
export function readId(id: unknown): string {
  const problem =
    typeof id !== "string" || id === ""
      ? "expected text that is not empty"
      : !id.isWellFormed()
        ? "it has a lone surrogate, which no encoding can store"
        : Buffer.byteLength(id) > maxIdBytes
          ? `it has ${Buffer.byteLength(id)} UTF-8 bytes; at most ${maxIdBytes} are allowed`
          : undefined;
  if (problem !== undefined) throw new HoldError("invalid-argument", `The id of a hold: ${problem}.`);
  return id as string;
}
