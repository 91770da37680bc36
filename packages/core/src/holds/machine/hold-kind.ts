import type { Checkpoint, CheckpointStore } from "../../store/checkpoint-store.ts";
import type { HoldDocument, WaitingDocument } from "./hold-document.ts";

/**
 * What an ask that arrives is to the hold that its key has already:
 *
 * - `same`: what the hold holds
 * - `past`: a question that the hold has left behind
 * - `next`: a new question, and the hold has had its day; `ask` is what is to be kept
 * - `displaces`: a new question, although the hold still waits; what waits is kept aside
 * - `different`: another question, which has no business here
 */
export type AskRelation<Ask> =
  | { readonly relation: "same" | "past" | "different" }
  | { readonly relation: "next" | "displaces"; readonly ask: Ask };

/**
 * What an answer that arrives is to a hold:
 *
 * - `same`: the one that the hold has
 * - `past`: one to a question that the hold has left behind
 * - `unclear`: it equals such a one, but may be new as well
 * - `new`: another one
 */
export type AnswerRelation = "same" | "past" | "unclear" | "new";

/** How documents are written and read. */
export interface HoldDocuments<Ask, Answer> {
  /** The prefix of all keys. */
  readonly prefix: string;
  /** The key of a hold. */
  readonly key: (id: string) => string;
  /** The id of a key; `undefined` if it is not one of a hold. */
  readonly idOfKey: (key: string) => string | undefined;
  /** Where a hold that still waits goes when a new question displaces it. */
  readonly displacedKey?: ((document: HoldDocument<Ask, Answer>) => string) | undefined;
  readonly encode: (document: HoldDocument<Ask, Answer>) => Uint8Array;
  /** @throws {CheckpointError} `corrupt` */
  readonly decode: (
    stored: Checkpoint,
    id: string,
    store: Pick<CheckpointStore, "backend" | "location">,
  ) => HoldDocument<Ask, Answer>;
  /** When a hold ended; `undefined` while it has not. Its time to live and its age for pruning start there. */
  readonly endedAt: (document: HoldDocument<Ask, Answer>) => Date | undefined;
  /** What pruning leaves of a hold that has ended; `undefined` if nothing more can be taken from it. */
  readonly stub: (document: HoldDocument<Ask, Answer>) => HoldDocument<Ask, Answer> | undefined;
}

/**
 * What makes one kind of hold: everything that {@link HoldMachine} does not know by itself. `Ask` is what is kept of a
 * question, `Given` what arrives as an answer, `Answer` what is kept of it.
 *
 * @example
 * ```ts
 * // Ids are identity, and any text is an answer.
 * const kind: HoldKind<{ text: string }, { text: string; by: string }, { text: string; by: string }> = {
 *   relateAsks: () => ({ relation: "same" }),
 *   relateAnswers: (given, { answer }) => (answer.by === given.by && answer.text === given.text ? "same" : "new"),
 *   applyAnswer: (given, { id, ask, log, logCut }) => ({ state: "answered", id, ask, log, logCut, answer: given, attempts: 0 }),
 *   documents,
 * };
 * ```
 */
export interface HoldKind<Ask, Given, Answer> {
  /** When are two asks the same? */
  readonly relateAsks: (ask: Ask, stored: HoldDocument<Ask, Answer>) => AskRelation<Ask>;
  /** When are two answers the same? */
  readonly relateAnswers: (given: Given, stored: HoldDocument<Ask, Answer>) => AnswerRelation;
  /**
   * What does an answer make of what waits? The document that comes next: one that is answered or rejected, one that
   * waits for more votes, or one that had expired before the answer came. What it throws is what the caller gets.
   */
  readonly applyAnswer: (
    given: Given,
    waiting: WaitingDocument<Ask, Answer>,
    version: string,
  ) => HoldDocument<Ask, Answer> | Promise<HoldDocument<Ask, Answer>>;
  /** How is a document written and read? */
  readonly documents: HoldDocuments<Ask, Answer>;
}
