import { homedir } from "node:os";
import { join } from "node:path";

import type { ServerBinary } from "./server-definition.ts";

/**
 * Where built servers are kept: `$HOLDPOINT_CACHE_DIR/servers`, else `$XDG_CACHE_HOME/holdpoint/servers`, else
 * `~/.cache/holdpoint/servers`.
 */
export function serverCacheDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const chosen = environment["HOLDPOINT_CACHE_DIR"];
  if (chosen !== undefined && chosen !== "") return join(chosen, "servers");
  // The XDG specification has an empty variable mean the same as none.
  const caches = environment["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(caches, "holdpoint", "servers");
}

/** The directory of one server at its pinned version, or `undefined` for a server that is not built here. */
export function cachedVersionDirectory(cacheDirectory: string, binary: ServerBinary): string | undefined {
  if (binary.goModule === undefined) return undefined;
  return join(cacheDirectory, `${binary.command}-${binary.goModule.version}`);
}
