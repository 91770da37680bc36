import { createHash } from "node:crypto";

import { waitingPrefixes } from "@holdpoint/core/driver";

const [taskPrefix, displacedPrefix] = waitingPrefixes;
const suffix = ".json";
// The longest key that every store takes, in UTF-8 bytes.
const maxKeyBytes = 512;

/** The prefixes of all documents' keys. */
export const documentPrefixes = [taskPrefix, displacedPrefix] as const;

// A task that another one with the same id has displaced goes on under a name of its own.
const displacedName = /^([^]+)~displaced-([0-9a-f]{32})$/u;
const displacedKey = /^superseded\/([^]+)\/([0-9a-f]{32})\.json$/u;

/**
 * The key of a task's document, or of the one by which a second id leads to a task. Every id has a key of its own.
 *
 * @example
 * ```ts
 * documentKey("msg-123"); // "paused/msg-123.json"
 * ```
 */
export function documentKey(id: string): string {
  const key = keyOf(id);
  // A second id may be anything that a gateway makes up. Of the text's own units, since it need not be well formed.
  return canBeKey(key) ? key : `${taskPrefix}~sha256-${sha256(Buffer.from(id, "utf16le"))}${suffix}`;
}

/** Whether a key can hold an id as it is, so that other programs find it too. */
export function canBeTaskId(id: string): boolean {
  return canBeKey(keyOf(id));
}

/** The id of a document's key; `undefined` if the key is not one of a document. */
export function taskIdOfKey(key: string): string | undefined {
  const [, displaced, digest] = displacedKey.exec(key) ?? [];
  if (displaced !== undefined) return nameOfDisplaced(displaced, digest ?? "");
  if (!key.startsWith(taskPrefix) || !key.endsWith(suffix)) return undefined;
  const id = key.slice(taskPrefix.length, -suffix.length);
  return id !== "" && documentKey(id) === key ? id : undefined;
}

/** The id under which a displaced task goes on: what it was called, and a digest of what it is. */
export function displacedTaskId(taskId: string, content: Uint8Array): string {
  const digest = sha256(content).slice(0, 32);
  let kept = taskId;
  while (!canBeTaskId(nameOfDisplaced(kept, digest))) kept = kept.slice(0, -1).replace(/[\uD800-\uDBFF]$/u, "");
  return nameOfDisplaced(kept, digest);
}

function nameOfDisplaced(taskId: string, digest: string): string {
  return `${taskId}~displaced-${digest}`;
}

function keyOf(id: string): string {
  const [, displaced, digest] = displacedName.exec(id) ?? [];
  return displaced === undefined
    ? `${taskPrefix}${id}${suffix}`
    : `${displacedPrefix}${displaced}/${digest ?? ""}${suffix}`;
}

function canBeKey(key: string): boolean {
  return key.isWellFormed() && Buffer.byteLength(key) <= maxKeyBytes;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
