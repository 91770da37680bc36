import { programOutput } from "./program-output.ts";
import type { ServerBinary } from "./server-definition.ts";

/**
 * Says why an executable will not do, or `undefined` if it will.
 *
 * @example
 * ```ts
 * await versionProblem("/usr/bin/redis-server", redisBinary); // "/usr/bin/redis-server is 5.0.14; 6.2 or later is needed"
 * ```
 */
export async function versionProblem(path: string, binary: ServerBinary): Promise<string | undefined> {
  if (binary.oldest === undefined) return undefined;
  const { ok, text } = await programOutput(path, binary.oldest.versionArguments);
  const version = /\bv?=?(\d+(?:\.\d+)+)/.exec(text)?.[1];
  if (!ok || version === undefined) return `${path} does not say its version (it printed: ${firstLine(text)})`;
  if (compareVersions(version, binary.oldest.version) >= 0) return undefined;
  return `${path} is ${version}; ${binary.oldest.version} or later is needed`;
}

/**
 * Negative if `left` is the older release, positive if it is the newer one, zero for the same. A part that is missing
 * counts as zero.
 *
 * @example
 * ```ts
 * compareVersions("2.9.25", "2.11"); // negative
 * ```
 */
export function compareVersions(left: string, right: string): number {
  const leftParts = left.split(".").map(Number);
  const rightParts = right.split(".").map(Number);
  for (let index = 0; index < Math.max(leftParts.length, rightParts.length); index += 1) {
    const difference = (leftParts[index] ?? 0) - (rightParts[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
