import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { examineSocket } from "./free-socket.ts";
import { ActorSetupError } from "./setup-error.ts";

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
  const problem = await examineSocket(socket.socketPath, { directory: "ASYA_SOCKET_DIR", name: "ASYA_SOCKET_NAME" });
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
