import { randomUUID } from "node:crypto";

import type { DriverRecord, Precondition } from "./checkpoint-driver.ts";

// Written as `<uuid>` + a mark of the precondition: what the write replaced. A reader that finds a stranger's write
// can then tell whether that write replaced the very value that its own write was meant to replace.
// A version that is too long for one is left out, which makes that answer "cannot tell".
const maxMarkLength = 200;
const uuidLength = 36;

function preconditionMark(precondition: Precondition): string {
  if (precondition.kind === "absent") return "-";
  if (precondition.kind === "any") return "*";
  // No server makes such a version, but a caller may be handed one, for example in a message.
  if (!precondition.version.isWellFormed()) return "*";
  const mark = `=${encodeURIComponent(precondition.version)}`;
  return mark.length > maxMarkLength ? "*" : mark;
}

/** A new, unique id for one write, which also records the write's precondition. */
export function createWriteId(precondition: Precondition): string {
  return randomUUID() + preconditionMark(precondition);
}

/**
 * After a write whose answer was lost: what the value that is stored now says about it.
 *
 * - `applied`: it is our write
 * - `conflict`: somebody else's write replaced what ours was to replace, so that ours cannot have happened
 * - `pending`: what ours was to replace is still there; ours has not happened yet
 * - `unknown`: ours may have happened and been replaced or removed since
 */
export function judgeWrite(
  writeId: string,
  precondition: Precondition,
  record: DriverRecord | null,
): "applied" | "conflict" | "pending" | "unknown" {
  if (record?.writeId === writeId) return "applied";
  if (precondition.kind === "any") return "pending";
  if (precondition.kind === "absent") {
    if (record === null) return "pending";
    return record.writeId?.slice(uuidLength) === "-" ? "conflict" : "unknown";
  }
  if (record?.version === precondition.version) return "pending";
  return isSuccessor(precondition.version, record) ? "conflict" : "unknown";
}

/**
 * After a deletion whose answer was lost: what the value that is stored now says about it. The value is gone either way
 * where there is none, whoever has removed it.
 */
export function judgeRemoval(
  ifVersion: string | undefined,
  record: DriverRecord | null,
): "applied" | "conflict" | "pending" | "unknown" {
  if (record === null) return "applied";
  if (ifVersion === undefined || record.version === ifVersion) return "pending";
  return isSuccessor(ifVersion, record) ? "conflict" : "unknown";
}

/** Whether a value is certain to have replaced a version: then nothing else did, nor did a deletion of that version. */
function isSuccessor(version: string, record: DriverRecord | null): boolean {
  const mark = preconditionMark({ kind: "version", version });
  return mark !== "*" && record?.writeId?.slice(uuidLength) === mark;
}
