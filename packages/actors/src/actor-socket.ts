import { lstat, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";

import type { SetupProblem } from "./setup-error.ts";
import { ActorSetupError } from "./setup-error.ts";

// The address structure of Unix sockets has room for this many bytes and a closing zero.
// https://man7.org/linux/man-pages/man7/unix.7.html
const longestSocketPathBytes = process.platform === "linux" ? 107 : 103;

/** Where an actor and its sidecar meet. */
export interface ActorSocket {
  /** The directory of both; it is shared with the sidecar. */
  readonly directory: string;
  readonly socketPath: string;
  /** The file that tells the sidecar to dial. */
  readonly readyPath: string;
}

/** The files of a socket, by directory and name. */
export function actorSocket(directory: string, name: string): ActorSocket {
  return { directory, socketPath: join(directory, name), readyPath: join(directory, "runtime-ready") };
}

/**
 * Makes the place of a socket free: removes what a process that crashed has left, and withdraws its promise of being
 * ready. May be called again.
 *
 * @throws {ActorSetupError} if the directory cannot be used, the path is too long, something else than a socket is
 * there, or another process is serving on it; nothing is removed then
 */
export async function freeActorSocket(socket: ActorSocket): Promise<void> {
  const problem = await examine(socket);
  if (problem !== undefined) throw new ActorSetupError([problem]);
  try {
    await rm(socket.readyPath, { force: true });
    await rm(socket.socketPath, { force: true });
  } catch (error) {
    throw unusableDirectory(socket, error);
  }
}

/** The error of a directory in which a file cannot be made or removed. */
export function unusableDirectory({ directory }: ActorSocket, error: unknown): ActorSetupError {
  return new ActorSetupError([
    {
      variable: "ASYA_SOCKET_DIR",
      found: JSON.stringify(directory),
      expected: "a directory in which this process may make and remove a socket and the file runtime-ready",
      detail: (error as Error).message,
    },
  ]);
}

/** Tells the sidecar that the actor can be dialled. */
export async function announceReady({ readyPath }: ActorSocket): Promise<void> {
  await writeFile(readyPath, "");
}

/** Tells the sidecar, and the probes, that the actor is going. */
export async function withdrawReady({ readyPath }: ActorSocket): Promise<void> {
  await rm(readyPath, { force: true });
}

async function examine({ directory, socketPath }: ActorSocket): Promise<SetupProblem | undefined> {
  const found = JSON.stringify(socketPath);
  const isDirectory = await stat(directory).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isDirectory) {
    return {
      variable: "ASYA_SOCKET_DIR",
      found: JSON.stringify(directory),
      expected: "a directory that exists, on the volume that is shared with the sidecar",
    };
  }
  const lengthBytes = Buffer.byteLength(socketPath);
  if (lengthBytes > longestSocketPathBytes) {
    return {
      variable: "ASYA_SOCKET_DIR and ASYA_SOCKET_NAME",
      found: `${found} (${lengthBytes} bytes)`,
      expected: `a path of at most ${longestSocketPathBytes} bytes, which is all that the operating system takes for a socket`,
    };
  }
  const entry = await lstat(socketPath).catch(() => undefined);
  if (entry === undefined) return undefined;
  if (!entry.isSocket()) {
    return { variable: "ASYA_SOCKET_NAME", found, expected: "a socket or nothing, but another kind of file is there" };
  }
  if (await isServed(socketPath)) {
    return {
      variable: "ASYA_SOCKET_DIR and ASYA_SOCKET_NAME",
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
