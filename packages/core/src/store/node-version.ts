import { CheckpointError } from "./checkpoint-error.ts";

/** The oldest Node.js that has what this package uses; `engines` says the same, but package managers only warn. */
export const oldestNode = "22.13";

/** @throws {CheckpointError} `unsupported` where a missing function would fail later, in words that say nothing */
export function assertNodeVersion(version = process.versions.node): void {
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode.split(".").map(Number);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new CheckpointError(
    "unsupported",
    `Stores need Node.js ${oldestNode} or newer, and this is ${version} at ${process.execPath}. Use a newer one.`,
  );
}
