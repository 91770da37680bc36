import type { Envelope } from "@holdpoint/asya";
import { createPauseLedger } from "@holdpoint/asya";
import { createMemoryStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";

/** What is done to one item after the other; each step finds what the one before it has left. */
export interface OwnStep {
  readonly subject: "yardstick" | "store" | "ledger" | "holds";
  readonly operation: string;
  /** The most that it may take, in JSON round trips of its document; `undefined` where nobody has set a limit. */
  readonly budget?: number | undefined;
  readonly run: (id: string) => unknown;
}

/** Reading and writing the document as JSON: what every other step is set against. */
export const roundTripName = "JSON parse and stringify";

const payload = {
  analysis: "The customer returned two of three items within the period; the carrier has confirmed both.",
  order: {
    number: 104_823,
    total: 129.95,
    currency: "EUR",
    items: [
      { sku: "KB-0417", title: "Keyboard, tenkeyless", quantity: 1, price: 89.95 },
      { sku: "CB-0032", title: "Cable, USB-C, 2 m", quantity: 2, price: 20 },
    ],
  },
  draft: {
    to: "customer@example.com",
    subject: "Your return",
    text: "We have received what you sent back, and thank you for packing it so well. The amount goes to the card that you have paid with, which takes your bank two to five working days. The third item is yours to keep until the end of the month; should you send it back as well, use the label that came with the parcel, since it names the order and needs no stamp. Should anything else be wrong, answer this message: it reaches the person who wrote it.",
  },
  confidence: 0.87,
};

/** The steps, in their order; what they leave in the store `forget` takes away again. */
export async function ownSteps(): Promise<{
  readonly steps: readonly OwnStep[];
  readonly forget: () => Promise<void>;
}> {
  const store = await createMemoryStore();
  const ledger = createPauseLedger(store);
  const holds = createHolds(store);
  const text = JSON.stringify(pauseEnvelope("task-000000"));
  const body = Buffer.from(text);
  const versions = new Map<string, string>();
  const steps: readonly OwnStep[] = [
    { subject: "yardstick", operation: roundTripName, run: () => JSON.stringify(JSON.parse(text)) },
    {
      subject: "yardstick",
      operation: "a timer set and cleared",
      run: () => clearTimeout(setTimeout(() => undefined, 1_000)),
    },
    { subject: "yardstick", operation: "an awaited promise", run: nothing },
    {
      subject: "store",
      operation: "put if absent",
      budget: 0.7,
      run: async (id) => versions.set(id, (await store.put(keyOf(id), body, { ifAbsent: true })).version),
    },
    { subject: "store", operation: "get", budget: 0.7, run: (id) => store.get(keyOf(id)) },
    {
      subject: "store",
      operation: "put if version",
      budget: 0.7,
      run: (id) => store.put(keyOf(id), body, { ifVersion: versions.get(id) }),
    },
    { subject: "store", operation: "delete", run: (id) => store.delete(keyOf(id)) },
    { subject: "ledger", operation: "pause", budget: 4, run: (id) => ledger.pause(pauseEnvelope(id)) },
    { subject: "ledger", operation: "resume", budget: 4, run: (id) => ledger.resume(resumeEnvelope(id)) },
    {
      subject: "holds",
      operation: "open",
      run: (id) => holds.open(id, { ask: { message: "Send this?" }, content: payload }),
    },
    { subject: "holds", operation: "answer", run: (id) => holds.answer(id, { decision: "approve" }, { by: "ann" }) },
    { subject: "holds", operation: "act", run: (id) => holds.act(id, () => "sent") },
  ];
  return {
    steps,
    forget: async () => {
      versions.clear();
      for await (const { key } of store.list()) await store.delete(key);
    },
  };
}

async function nothing(): Promise<void> {}

function keyOf(id: string): string {
  return `stored/${id}.json`;
}

function pauseEnvelope(id: string): Envelope {
  return {
    id,
    route: { prev: ["analyzer"], curr: "x-pause", next: ["summarizer"] },
    headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    payload,
  };
}

function resumeEnvelope(id: string): Envelope {
  return {
    id: `resume-${id}`,
    route: { prev: [], curr: "x-resume", next: [] },
    headers: { "x-asya-resume-task": id },
    payload: { approved: true, notes: "as it should be" },
  };
}
