import { lstat, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { dirname } from "node:path";

import type { SetupProblem } from "./setup-error.ts";
import { ActorSetupError } from "./setup-error.ts";

// The address structure of Unix sockets has room for this many bytes and a closing zero.
// https://man7.org/linux/man-pages/man7/unix.7.html
const longestSocketPathBytes = process.platform === "linux" ? 107 : 103;

/** The variables that say where a socket is; the same one where a single variable holds the whole path. */
export interface SocketVariables {
  readonly directory: string;
  readonly name: string;
}

/**
 * Makes the place of a socket free: removes what a process that crashed has left.
 *
 * @example
 * ```ts
 * await freeSocket("/var/run/asya/state/meta.sock", "CONNECTOR_SOCKET");
 * ```
 * @throws {ActorSetupError} if the directory cannot be used, the path is too long, something else than a socket is
 * there, or another process is serving on it; nothing is removed then
 */
export async function freeSocket(socketPath: string, variable: string): Promise<void> {
  const problem = await examineSocket(socketPath, { directory: variable, name: variable });
  if (problem !== undefined) throw new ActorSetupError([problem]);
  try {
    await rm(socketPath, { force: true });
  } catch (error) {
    const expected = "a path at which this process may make and remove a socket";
    const found = JSON.stringify(socketPath);
    throw new ActorSetupError([{ variable, found, expected, detail: (error as Error).message }]);
  }
}

/** What keeps a socket from being made; `undefined` where there is nothing, or what a process that crashed has left. */
export async function examineSocket(socketPath: string, variables: SocketVariables): Promise<SetupProblem | undefined> {
  const both = [...new Set([variables.directory, variables.name])].join(" and ");
  const directory = dirname(socketPath);
  const found = JSON.stringify(socketPath);
  const isDirectory = await stat(directory).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isDirectory) {
    return {
      variable: variables.directory,
      found: JSON.stringify(directory),
      expected: "a directory that exists, on the volume that is shared with the sidecar",
    };
  }
  const lengthBytes = Buffer.byteLength(socketPath);
  if (lengthBytes > longestSocketPathBytes) {
    return {
      variable: both,
      found: `${found} (${lengthBytes} bytes)`,
      expected: `a path of at most ${longestSocketPathBytes} bytes, which is all that the operating system takes for a socket`,
    };
  }
  const entry = await lstat(socketPath).catch(() => undefined);
  if (entry === undefined) return undefined;
  if (!entry.isSocket()) {
    return { variable: variables.name, found, expected: "a socket or nothing, but another kind of file is there" };
  }
  if (await isServed(socketPath)) {
    return {
      variable: both,
      found,
      expected: "a socket of its own, but another process is serving on this one; stop it first",
    };
  }
  return undefined;
}

/** Whether a process is listening on a socket. */
export async function isServed(socketPath: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const connection = connect(socketPath);
  connection.once("connect", () => resolve(true));
  // Only these two say that nobody listens; a full queue or missing rights do not.
  connection.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code !== "ECONNREFUSED" && code !== "ENOENT"));
  try {
    return await promise;
  } finally {
    connection.destroy();
  }
}
