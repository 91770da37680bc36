import { createHash } from "node:crypto";

import { CheckpointError } from "@holdpoint/core";

const maxPrefixBytes = 64;
// With prefix, separators and words, four of them stay below the 512 bytes that a store's key may have.
const maxSegmentBytes = 100;

/** What a key of a saver stands for. A `line` is one namespace of one thread. */
export type SaverKey =
  | { readonly kind: "head"; readonly line: string }
  | {
      readonly kind: "document";
      readonly line: string;
      readonly id: string;
      readonly replaces: string | undefined;
      readonly isFork: boolean;
    }
  | { readonly kind: "writes" | "value"; readonly line: string; readonly id: string };

/**
 * How threads, namespaces and checkpoints become keys:
 *
 * ```
 * langgraph/=thread-1/=/head                           the newest checkpoint, whole
 * langgraph/=thread-1/=/=1ef4…/first                   a checkpoint, whole: the first of its line,
 * langgraph/=thread-1/=/=1ef5…/after/=1ef4…              the one that took the place of its parent as the head,
 * langgraph/=thread-1/=/=1ef6…/fork/=1ef5…               or of another, since somebody went back in time
 * langgraph/=thread-1/=/=1ef5…/writes/=<task>/regular  what a task wrote on top of it
 * langgraph/=thread-1/=/=1ef5…/writes/=<task>/-3       and each special write: -1 error to -4 answer
 * langgraph/=thread-1/=/=1ef5…/value/=<channel>        a large value that came with it
 * ```
 *
 * A segment is `=` and the name percent-encoded, or `~` and its SHA-256 if that would be too long, so that two names
 * never share one.
 */
export class SaverLayout {
  readonly prefix: string;

  constructor(prefix: string) {
    if (!prefix.isWellFormed() || Buffer.byteLength(prefix) > maxPrefixBytes) {
      throw new CheckpointError(
        "invalid-argument",
        `langgraph: the prefix is not a well-formed string of at most ${maxPrefixBytes} UTF-8 bytes.`,
      );
    }
    this.prefix = prefix;
  }

  /** What all keys of a thread begin with. */
  thread(threadId: string): string {
    return `${this.prefix}${segment(threadId)}/`;
  }

  /** What all keys of one namespace of a thread begin with. */
  line(threadId: string, namespace: string): string {
    return `${this.thread(threadId)}${segment(namespace)}/`;
  }

  head(line: string): string {
    return `${line}head`;
  }

  /** What all keys of a checkpoint begin with, besides the head. */
  checkpoint(line: string, id: string): string {
    return `${line}${idSegment(id)}/`;
  }

  document(
    line: string,
    {
      id,
      parentId,
      replaces,
    }: { readonly id: string; readonly parentId: string | undefined; readonly replaces: string | undefined },
  ): string {
    const place =
      replaces === undefined ? "first" : `${replaces === parentId ? "after" : "fork"}/${idSegment(replaces)}`;
    return this.checkpoint(line, id) + place;
  }

  writes(line: string, id: string, taskId: string, kind: "regular" | number): string {
    return `${this.checkpoint(line, id)}writes/${segment(taskId)}/${kind}`;
  }

  value(line: string, id: string, channel: string): string {
    return `${this.checkpoint(line, id)}value/${segment(channel)}`;
  }

  /** Whether a line is that of a namespace, of whatever thread. */
  isNamespace(line: string, namespace: string): boolean {
    return line.endsWith(`/${segment(namespace)}/`);
  }

  /** What a key stands for, or `undefined` if no saver wrote it. */
  parse(key: string): SaverKey | undefined {
    if (!key.startsWith(this.prefix)) return undefined;
    const [thread, namespace, idOrHead, kind, name] = key.slice(this.prefix.length).split("/");
    if (thread === undefined || namespace === undefined || idOrHead === undefined) return undefined;
    const line = `${this.prefix}${thread}/${namespace}/`;
    if (idOrHead === "head") return { kind: "head", line };
    const id = readIdSegment(idOrHead);
    if (id === undefined) return undefined;
    if (kind === "first") return { kind: "document", line, id, replaces: undefined, isFork: false };
    if (kind === "after" || kind === "fork") {
      return { kind: "document", line, id, replaces: readIdSegment(name ?? ""), isFork: kind === "fork" };
    }
    return kind === "writes" || kind === "value" ? { kind, line, id } : undefined;
  }
}

function segment(name: string): string {
  // Only what is well-formed can be percent-encoded.
  const encoded = name.isWellFormed() ? `=${encodeURIComponent(name)}` : undefined;
  if (encoded !== undefined && encoded.length <= maxSegmentBytes) return encoded;
  return `~${createHash("sha256").update(Buffer.from(name, "utf16le")).digest("hex")}`;
}

function idSegment(id: string): string {
  const encoded = segment(id);
  if (encoded.startsWith("=") && id !== "") return encoded;
  throw new CheckpointError(
    "invalid-argument",
    `langgraph: a checkpoint id is empty or longer than ${maxSegmentBytes - 1} bytes; LangGraph's own are UUIDs.`,
  );
}

function readIdSegment(text: string): string | undefined {
  if (!text.startsWith("=")) return undefined;
  try {
    return decodeURIComponent(text.slice(1));
  } catch {
    return undefined;
  }
}
