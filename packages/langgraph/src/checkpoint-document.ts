import { corrupt, decodeFrame, encodeFrame } from "./frame.ts";

/** What a serialiser made of a value: its name for the format, and the bytes. */
export type TypedBytes = readonly [type: string, bytes: Uint8Array];

/** A value that is stored once, under the checkpoint that it came with, and that later ones refer to. */
export interface LargeValue {
  readonly from: string;
  /** When it was written, in milliseconds since 1970 by the writer's clock. */
  readonly at: number;
}

/** A checkpoint as it is stored: alike as a thread's head and in its history. */
export interface CheckpointDocument {
  readonly threadId: string;
  readonly namespace: string;
  readonly id: string;
  /** The checkpoint that the run went on from. */
  readonly parentId: string | undefined;
  /** The head that this one took the place of: the parent, unless somebody went back in time. */
  readonly replaces: string | undefined;
  /** How many checkpoints the line has got since older ones were last removed. */
  readonly putsSincePrune: number;
  /** How many checkpoints before it are needed to rebuild its delta channels. */
  readonly needsAncestors: number;
  /** The checkpoint without its values. */
  readonly checkpoint: TypedBytes;
  readonly metadata: TypedBytes;
  readonly values: ReadonlyMap<string, TypedBytes | LargeValue>;
}

interface DocumentHeader {
  readonly threadId: string;
  readonly namespace: string;
  readonly id: string;
  readonly parentId?: string | undefined;
  readonly replaces?: string | undefined;
  readonly putsSincePrune: number;
  readonly needsAncestors: number;
  /** The types of the checkpoint and its metadata. */
  readonly types: readonly [string, string];
  /** Each channel with the type of its value, which is then among the parts, or where else the value is. */
  readonly channels: readonly (readonly [string, string | LargeValue])[];
}

export function isLarge(value: TypedBytes | LargeValue): value is LargeValue {
  return "from" in value;
}

export function encodeCheckpoint(document: CheckpointDocument): Uint8Array {
  const { checkpoint, metadata, values, ...identity } = document;
  const header: DocumentHeader = {
    ...identity,
    types: [checkpoint[0], metadata[0]],
    channels: Array.from(values, ([name, value]) => [name, isLarge(value) ? value : value[0]]),
  };
  const inline = [...values.values()].flatMap((value) => (isLarge(value) ? [] : [value[1]]));
  return encodeFrame({ header: { ...header }, parts: [checkpoint[1], metadata[1], ...inline] });
}

/** @throws {CheckpointError} `corrupt` */
export function decodeCheckpoint(stored: Uint8Array, key: string): CheckpointDocument {
  const { header, parts } = decodeFrame(stored, key);
  const { types, channels, parentId, replaces, ...identity } = header as unknown as DocumentHeader;
  if (typeof identity.id !== "string" || !Array.isArray(types) || !Array.isArray(channels)) throw corrupt(key);
  const remaining = parts.values();
  const next = (): Uint8Array => remaining.next().value ?? new Uint8Array();
  const checkpoint: TypedBytes = [types[0], next()];
  const metadata: TypedBytes = [types[1], next()];
  const values = new Map<string, TypedBytes | LargeValue>();
  for (const [name, value] of channels as DocumentHeader["channels"]) {
    values.set(name, typeof value === "string" ? [value, next()] : value);
  }
  return { ...identity, parentId, replaces, checkpoint, metadata, values };
}
