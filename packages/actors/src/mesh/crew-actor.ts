import { extname } from "node:path";
import { fileURLToPath } from "node:url";

import type { ActorCommand } from "./actor-process.ts";

/**
 * The command that runs this package's x-pause or x-resume, with the variables given.
 *
 * @example
 * ```ts
 * const actors = { "x-pause": crewActor("x-pause", { ASYA_PERSISTENCE_MOUNT: "/state" }) };
 * ```
 */
export function crewActor(name: "x-pause" | "x-resume", env: NonNullable<ActorCommand["env"]>): ActorCommand {
  // Sources run each other, and so do the files that were built from them.
  const script = new URL(`../${name}${extname(import.meta.filename)}`, import.meta.url);
  return { command: process.execPath, args: [...process.execArgv, fileURLToPath(script)], env };
}
