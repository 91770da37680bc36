import type { HoldDocuments } from "../src/holds/machine/hold-documents.ts";
import { CheckpointError } from "../src/store/checkpoint-error.ts";

/** The smallest hold: a question of one text, and an answer of one. */
export interface TrivialDocument {
  readonly id: string;
  readonly question: string;
  readonly answer?: string;
  readonly nonce?: string;
}

/** Ids are identity, and what has been answered has ended. */
export const trivialDocuments: HoldDocuments<TrivialDocument> = {
  prefixes: ["trivial/", "further/"],
  key: (id) => `trivial/${id}`,
  idOfKey: (key) => key.replace(/^\w+\//u, ""),
  idOf: ({ id }) => id,
  subject: (id) => `the hold ${JSON.stringify(id)}`,
  contentName: "question",
  encode: (document, nonce) => new TextEncoder().encode(JSON.stringify({ ...document, nonce })),
  decode: ({ body }, id) => {
    try {
      return JSON.parse(new TextDecoder().decode(body)) as TrivialDocument;
    } catch (error) {
      throw new CheckpointError("corrupt", `${id} is not JSON`, { cause: error });
    }
  },
  nonceOf: ({ nonce }) => nonce,
  reserve: ({ answer }, maxBodyBytes) =>
    answer === undefined ? { bytes: maxBodyBytes / 8, for: "an answer" } : undefined,
  endedAt: ({ answer }) => (answer === undefined ? undefined : new Date(0)),
  stub: (document) =>
    document.answer === undefined || document.answer === "" ? undefined : { ...document, answer: "" },
};
