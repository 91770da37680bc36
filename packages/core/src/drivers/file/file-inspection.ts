import { statfs } from "node:fs/promises";

import { defaultMaxBodyBytes } from "../../store/capabilities.ts";
import type { StoreFinding } from "../../store/store-finding.ts";

// https://man7.org/linux/man-pages/man2/statfs.2.html
const fleetingFilesystems = new Map([
  [0x01021994, "tmpfs"],
  [0x858458f6, "ramfs"],
  [0x794c7630, "overlayfs"],
]);
const nfs = 0x6969;

/** What the filesystem of a directory means for what is kept in it. */
export async function inspectFilesystem(root: string): Promise<readonly StoreFinding[]> {
  const { type, bavail, bsize, files, ffree } = await statfs(root);
  return [durabilityOn(type), spaceFor(bavail * bsize, files === 0 ? undefined : ffree)];
}

function durabilityOn(type: number): StoreFinding {
  const subject = "durability";
  const name = fleetingFilesystems.get(type);
  if (name !== undefined) {
    const until = name === "overlayfs" ? "the container is replaced" : "the machine or the pod restarts";
    return {
      subject,
      level: "warning",
      found: `the directory is on ${name}`,
      reason: `What is paused is lost when ${until}.`,
      remedy: "Mount a volume that outlives the container there.",
    };
  }
  if (type === nfs) {
    return { subject, level: "ok", found: "the directory is on NFS, whose locks were tried and hold" };
  }
  return { subject, level: "ok", found: "the directory is on a disk; a value was written and synced" };
}

function spaceFor(freeBytes: number, freeNames: number | undefined): StoreFinding {
  const subject = "space";
  const found = `${Math.floor(freeBytes / 1024 ** 2)} MiB free`;
  if (freeBytes >= defaultMaxBodyBytes && freeNames !== 0) return { subject, level: "ok", found };
  return {
    subject,
    level: "warning",
    found: freeNames === 0 ? `${found}, but no inode` : found,
    reason: "On a full disk nothing can be paused or resumed.",
    remedy: "Free space on the volume or enlarge it, and run holdpoint prune.",
  };
}
