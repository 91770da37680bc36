import type { CheckpointStore } from "@holdpoint/core";

/** What is stored, in both of the forms that stores take, so that none has to convert it. */
export interface Body {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** What was read. */
interface PlainValue {
  readonly content: Uint8Array | string;
  readonly version: string;
}

/** What the stores of a comparison have in common. Where one has no conditions, it writes without. */
export interface PlainStore {
  readonly name: string;
  /** What it does not do that the limit does, in a few words; empty for the limit itself. */
  readonly lacks: string;
  /** Stores what was not there before; resolves to its version. */
  readonly create: (key: string, body: Body) => Promise<string>;
  readonly read?: ((key: string) => Promise<PlainValue>) | undefined;
  /** Replaces a version. */
  readonly update?: ((key: string, body: Body, version: string) => Promise<unknown>) | undefined;
  readonly remove: (key: string) => Promise<unknown>;
  /** Resolves to how many keys begin with a prefix. */
  readonly list?: ((prefix: string) => Promise<number>) | undefined;
  readonly close: () => Promise<unknown>;
}

/** Text of so many bytes, and as hard to compress as a payload of random letters. */
export function createBody(sizeBytes: number): Body {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789 ,.ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  let text = "";
  while (text.length < Math.min(sizeBytes, 4_096)) text += letters[Math.floor(Math.random() * letters.length)];
  const bytes = new Uint8Array(Buffer.from(text.repeat(Math.ceil(sizeBytes / text.length)).slice(0, sizeBytes)));
  return { bytes, text: Buffer.from(bytes).toString("latin1") };
}

/** A body of what a program has in hand. */
export function bodyOf(text: string): Body {
  return { bytes: Buffer.from(text), text };
}

/** Our own store in the form of the others. */
export function holdpointStore(name: string, store: CheckpointStore): PlainStore {
  return {
    name,
    lacks: "",
    create: async (key, { bytes }) => (await store.put(key, bytes, { ifAbsent: true })).version,
    read: async (key) => {
      const checkpoint = await store.get(key);
      if (checkpoint === null) throw new Error(`${key} is missing`);
      return { content: checkpoint.body, version: checkpoint.version };
    },
    update: (key, { bytes }, version) => store.put(key, bytes, { ifVersion: version }),
    remove: (key) => store.delete(key),
    list: async (prefix) => {
      let count = 0;
      for await (const _ of store.list({ prefix })) count += 1;
      return count;
    },
    close: () => store.close(),
  };
}
