import type { AskRelation, HoldDocuments, HoldKind } from "../src/holds/machine/hold-kind.ts";
import type { HoldDocument, WaitingDocument } from "../src/holds/machine/hold-document.ts";
import { CheckpointError } from "../src/store/checkpoint-error.ts";

/** A question of the trivial kind: rounds of one text each. */
export interface TrivialAsk {
  readonly round: number;
  readonly past: readonly number[];
}

/** An answer of the trivial kind, as it arrives and as it is kept. */
export interface TrivialAnswer {
  readonly round: number;
  readonly text: string;
}

export type TrivialDocument = HoldDocument<TrivialAsk, TrivialAnswer>;

const documents: HoldDocuments<TrivialAsk, TrivialAnswer> = {
  prefix: "trivial/",
  key: (id) => `trivial/${id}`,
  idOfKey: (key) => key.slice("trivial/".length),
  displacedKey: ({ id }) => `displaced/${id}`,
  encode: (document) => new TextEncoder().encode(JSON.stringify(document)),
  decode: ({ body }, id) => {
    try {
      return JSON.parse(new TextDecoder().decode(body)) as TrivialDocument;
    } catch (error) {
      throw new CheckpointError("corrupt", `${id} is not JSON`, { cause: error });
    }
  },
  endedAt: (document) => (document.state === "answered" ? new Date(0) : undefined),
  stub: (document) =>
    document.state === "answered" && document.answer.text !== ""
      ? { ...document, answer: { ...document.answer, text: "" } }
      : undefined,
};

/** The smallest kind of holds that can be asked again: round after round under one id. */
export const trivialKind: HoldKind<TrivialAsk, TrivialAnswer, TrivialAnswer> = {
  relateAsks: (arriving, stored): AskRelation<TrivialAsk> => {
    if (!("ask" in stored)) return { relation: "different" };
    const { round, past } = stored.ask;
    if (arriving.round === round) return { relation: "same" };
    if (arriving.round < round) return { relation: "past" };
    const ask = { ...arriving, past: [...past, round] };
    return { relation: stored.state === "waiting" ? "displaces" : "next", ask };
  },
  relateAnswers: (given, stored) => {
    if (!("ask" in stored)) return "new";
    if (given.round < stored.ask.round) return "past";
    const isSame = stored.state === "answered" && stored.answer.text === given.text;
    return isSame ? "same" : given.text === "unclear" ? "unclear" : "new";
  },
  applyAnswer: (given, { state: _waiting, votes: _votes, ...rest }) => {
    if (given.text === "bad") throw new RangeError("bad");
    return { ...rest, state: "answered", answer: given, attempts: 0 };
  },
  documents,
};

/** A question as it arrives. */
export function trivialAsk(round: number): WaitingDocument<TrivialAsk, TrivialAnswer> {
  return { state: "waiting", id: "a", ask: { round, past: [] }, votes: [], log: [], logCut: 0 };
}
