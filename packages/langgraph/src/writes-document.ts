import { corrupt, decodeFrame, encodeFrame } from "./frame.ts";
import type { TypedBytes } from "./checkpoint-document.ts";

/** One write of a task; special ones have an index below 0. */
export interface StoredWrite {
  readonly index: number;
  readonly channel: string;
  readonly value: TypedBytes;
}

/** What one task wrote on top of a checkpoint: all of its regular writes, or one special write. */
export interface WritesDocument {
  readonly taskId: string;
  readonly taskPath: string;
  /** Makes the document unlike any other, so that the same question asked again is a new one. */
  readonly nonce: string;
  /** Of an answer: the nonces of the questions that waited when it was given. */
  readonly answers?: readonly string[] | undefined;
  readonly writes: readonly StoredWrite[];
}

interface WritesHeader extends Omit<WritesDocument, "writes"> {
  readonly writes: readonly (readonly [index: number, channel: string, type: string])[];
}

export function encodeWrites(document: WritesDocument): Uint8Array {
  const { writes, ...identity } = document;
  const header: WritesHeader = {
    ...identity,
    writes: writes.map(({ index, channel, value }) => [index, channel, value[0]]),
  };
  return encodeFrame({ header: { ...header }, parts: writes.map(({ value }) => value[1]) });
}

/** @throws {CheckpointError} `corrupt` */
export function decodeWrites(stored: Uint8Array, key: string): WritesDocument {
  const { header, parts } = decodeFrame(stored, key);
  const { writes, ...identity } = header as unknown as WritesHeader;
  if (typeof identity.taskId !== "string" || !Array.isArray(writes) || writes.length !== parts.length) {
    throw corrupt(key);
  }
  return {
    ...identity,
    writes: (writes as WritesHeader["writes"]).map(([index, channel, type], position) => ({
      index,
      channel,
      value: [type, parts[position] ?? new Uint8Array()],
    })),
  };
}

/** Whether two documents say the same of the same writes, whoever wrote them. */
export function isSameWrites(one: WritesDocument, other: WritesDocument): boolean {
  return (
    one.writes.length === other.writes.length &&
    one.writes.every(({ index, channel, value }, position) => {
      const counterpart = other.writes[position];
      return (
        counterpart?.index === index &&
        counterpart.channel === channel &&
        counterpart.value[0] === value[0] &&
        Buffer.compare(counterpart.value[1], value[1]) === 0
      );
    })
  );
}
