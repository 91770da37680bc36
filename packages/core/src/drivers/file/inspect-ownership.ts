import type { Dirent, Stats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

import type { StoreFinding } from "../../store/store-finding.ts";
import { errnoOf } from "./file-error.ts";

const subject = "ownership";
const mostNamed = 5;

// In the order of the bits of a mode.
const canRead = 4;
const canWrite = 2;
const canSearch = 1;

/** What stands in the way of whoever owns the directory, and what is merely somebody else's. */
interface Strangers {
  readonly blocking: string[];
  readonly foreign: string[];
}

/**
 * Whether whoever owns a store's directory, which is taken to be the user of the actors, can work with everything in it.
 * By owners and modes: root, who may do anything, cannot try it for somebody else.
 */
export async function inspectOwnership(root: string): Promise<StoreFinding> {
  const rootStats = await lstat(`${root}/`);
  const strangers: Strangers = { blocking: [], foreign: [] };
  const own = join(root, ".holdpoint");
  const needed = (path: string, stats: Stats): number => {
    if (stats.isDirectory()) return canRead | canWrite | canSearch;
    return path.startsWith(join(own, "locks/")) && path.endsWith(".lock") ? canRead | canWrite : canRead;
  };

  const examine = (path: string, stats: Stats): void => {
    const said = `${path} (of user ${stats.uid}, mode ${(stats.mode & 0o7777).toString(8)})`;
    if (!suffices(rootStats, stats, needed(path, stats))) strangers.blocking.push(said);
    else if (rootStats.uid !== 0 && stats.uid !== rootStats.uid) strangers.foreign.push(said);
  };
  examine(root, rootStats);
  // The one only takes space; the other is the filesystem's own, and root's on every volume with ext4.
  const skipped = new Set([join(own, "tmp"), join(root, "lost+found")]);
  await walk(root, skipped, examine, strangers.blocking);

  const owner = `user ${rootStats.uid}, who owns the directory`;
  const remedy = `Run chown -R ${rootStats.uid}:${rootStats.gid} on the directory and chmod -R u+rwX; on a volume that its group shares, chmod -R g+rwX.`;
  if (strangers.blocking.length > 0) {
    return {
      subject,
      level: "problem",
      found: `${owner}, cannot work with ${listed([...strangers.blocking])}`,
      reason: "What is there cannot be paused or resumed by actors that run as that user.",
      remedy,
    };
  }
  if (strangers.foreign.length > 0) {
    return {
      subject,
      level: "warning",
      found: `not everything belongs to ${owner}: ${listed([...strangers.foreign])}`,
      reason: "It can be used as it is, but not by everybody who may one day be meant to.",
      remedy,
    };
  }
  return { subject, level: "ok", found: `${owner}, can work with everything in it` };
}

function listed(paths: readonly string[]): string {
  const more = paths.length - mostNamed;
  return paths.slice(0, mostNamed).join(", ") + (more > 0 ? `, and ${more} more` : "");
}

/** Visits everything that a store may have to use. */
async function walk(
  directory: string,
  skipped: ReadonlySet<string>,
  visit: (path: string, stats: Stats) => void,
  unreadable: string[],
): Promise<void> {
  let entries: readonly Dirent[];
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    if (errnoOf(error) !== "EACCES") throw error;
    unreadable.push(`${directory} (nor can this process)`);
    return;
  }
  for (const entry of entries) {
    if (!entry.isFile() && !entry.isDirectory()) continue;
    const path = join(directory, entry.name);
    if (skipped.has(path)) continue;
    try {
      visit(path, await lstat(path));
    } catch (error) {
      // Removed meanwhile.
      if (errnoOf(error) !== "ENOENT") throw error;
      continue;
    }
    if (entry.isDirectory()) await walk(path, skipped, visit, unreadable);
  }
}

/** Whether the modes let the owner of the directory do what is needed. */
function suffices(root: Stats, { uid, gid, mode }: Stats, needed: number): boolean {
  const allows = (shift: number): boolean => ((mode >> shift) & needed) === needed;
  if (root.uid !== 0) {
    if (uid === root.uid) return allows(6);
    return allows(gid === root.gid ? 3 : 0);
  }
  // Root's, and for nobody else: the actors are root's too.
  if ((root.mode & 0o022) === 0) return true;
  // Root's and shared with users that are not known from here: what is one of theirs is taken to be right.
  return uid !== 0 || allows(0) || (gid === root.gid && allows(3));
}
