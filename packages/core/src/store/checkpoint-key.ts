import { CheckpointError } from "./checkpoint-error.ts";

/** The longest key, in UTF-8 bytes. */
export const maxKeyBytes = 512;

/** Says what is wrong with a key, or `undefined` if it is one. */
function keyProblem(key: unknown): string | undefined {
  if (typeof key !== "string") return `is ${key === null ? "null" : `of type ${typeof key}`}, not a string`;
  if (key === "") return "is empty";
  if (!key.isWellFormed()) return "has a lone surrogate, which no encoding can store";
  const bytes = Buffer.byteLength(key);
  if (bytes > maxKeyBytes) return `has ${bytes} UTF-8 bytes; at most ${maxKeyBytes} are allowed`;
  return undefined;
}

/** @throws {CheckpointError} `invalid-argument` if `key` is not one */
export function assertKey(key: unknown, backend: string, operation: string): asserts key is string {
  const problem = keyProblem(key);
  if (problem === undefined) return;
  throw new CheckpointError("invalid-argument", `${backend}: cannot ${operation}: the key ${problem}.`, {
    backend,
    operation,
  });
}
