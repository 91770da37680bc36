import type { Checkpoint, CheckpointStore } from "../../store/checkpoint-store.ts";

/** A document together with where it was found. */
export interface Located<Document> {
  readonly key: string;
  readonly version: string;
  readonly document: Document;
}

/** What a document leaves free of a store's largest body. */
export interface ReservedRoom {
  readonly bytes: number;
  /** What it is left for, as in `an answer`. */
  readonly for: string;
}

/**
 * How one kind of holds is written and read: everything that {@link HoldMachine} knows of its documents.
 *
 * @example
 * ```ts
 * const documents: HoldDocuments<Lunch> = {
 *   prefixes: ["lunch/"],
 *   key: (id) => `lunch/${id}`,
 *   idOfKey: (key) => key.slice("lunch/".length),
 *   idOf: ({ id }) => id,
 *   subject: (id) => `the lunch ${JSON.stringify(id)}`,
 *   contentName: "menu",
 *   encode: (lunch, nonce) => new TextEncoder().encode(JSON.stringify({ ...lunch, nonce })),
 *   decode: ({ body }) => JSON.parse(new TextDecoder().decode(body)) as Lunch,
 *   nonceOf: ({ nonce }) => nonce,
 *   endedAt: () => undefined,
 *   stub: () => undefined,
 * };
 * ```
 */
export interface HoldDocuments<Document> {
  /** The prefixes of all keys. */
  readonly prefixes: readonly string[];
  /** The key of a hold. */
  readonly key: (id: string) => string;
  /** The id of a key; `undefined` if it is not one of a hold. */
  readonly idOfKey: (key: string) => string | undefined;
  readonly idOf: (document: Document) => string;
  /** What a message for people calls a hold, as in `the hold "lunch"`. */
  readonly subject: (id: string) => string;
  /** What a message for people calls the part of a document that may be large. */
  readonly contentName: string;
  /** @param nonce made anew for each write, so that a kind recognises its own; empty for one without `nonceOf` */
  readonly encode: (document: Document, nonce: string) => Uint8Array;
  /** @throws {CheckpointError} `corrupt` */
  readonly decode: (stored: Checkpoint, id: string, store: Pick<CheckpointStore, "backend" | "location">) => Document;
  /** The nonce that a document was written with; `undefined` where it does not say. @default it never says */
  readonly nonceOf?: ((document: Document) => string | undefined) | undefined;
  /** What a document leaves free for what comes next. @default nothing */
  readonly reserve?: ((document: Document, maxBodyBytes: number) => ReservedRoom | undefined) | undefined;
  /** When a hold ended; `undefined` while it has not. Its time to live and its age for pruning start there. */
  readonly endedAt: (document: Document) => Date | undefined;
  /** What pruning leaves of a hold that has ended; `undefined` if nothing more can be taken from it. */
  readonly stub: (document: Document) => Document | undefined;
}
