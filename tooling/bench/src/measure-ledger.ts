import type { Envelope } from "@holdpoint/asya";
import type { CheckpointStore } from "@holdpoint/core";
import { createPauseLedger } from "@holdpoint/asya";

import type { Effort } from "./compare.ts";
import { compare } from "./compare.ts";
import type { BenchItem, Contestant } from "./contestant.ts";
import { holdpointName, limitName } from "./contestant.ts";
import type { Setting, SettingResult } from "./measure-operations.ts";
import { bodyOf, createBody } from "./plain-store.ts";
import type { PlainStore } from "./plain-store.ts";
import type { BarePauses } from "./sockets/bare-actors.ts";
import { startBareActors } from "./sockets/bare-actors.ts";
import { startHoldpointActors } from "./sockets/holdpoint-actors.ts";
import { postToSocket } from "./sockets/post-to-socket.ts";

type LedgerOperation = "pause" | "resume";

// What is larger is taken away again at once, so that no server's memory fills up. Less is kept: whoever takes away has
// garbage collected before each turn, after which memory has to be found anew, and that takes longer than a small pause.
const mostKeptBytes = 1_024 * 1_024;

/**
 * A whole pause and a whole resume. The limit is the bare SDK that stores the message as JSON in one conditional write,
 * and for a resume reads it, merges the answer, and marks it as resumed in another: neither deliveries that are repeated
 * nor other ids are recognised.
 */
export async function measureLedger(
  limit: PlainStore,
  store: CheckpointStore,
  { bodyBytes, inFlight }: Setting,
  effort: Effort,
): Promise<SettingResult> {
  const payload = createPayload(bodyBytes);
  const ledger = createPauseLedger(store);
  const bare = barePauses(limit);
  const isKept = bodyBytes <= mostKeptBytes;
  const contestants: readonly Contestant<LedgerOperation>[] = [
    {
      name: limitName,
      operations: {
        pause: (item) => bare.pause(pauseEnvelope(item, payload)),
        resume: (item) => bare.resume(resumeEnvelope(item)),
      },
      forget: isKept ? undefined : ({ key }) => limit.remove(key),
    },
    {
      name: holdpointName,
      operations: {
        pause: (item) => ledger.pause(pauseEnvelope(item, payload)),
        resume: (item) => ledger.resume(resumeEnvelope(item)),
      },
      forget: isKept ? undefined : ({ key }) => store.delete(key),
    },
  ];
  const comparisons = await compare(contestants, ["pause", "resume"], inFlight, effort);
  return { group: "ledger", bodyBytes, inFlight, comparisons };
}

/** The same over a Unix socket, as a sidecar asks for it; the actors are in this process, like their client. */
export async function measureSocket(
  backend: { readonly limit: PlainStore; readonly store: CheckpointStore },
  { bodyBytes, inFlight }: Setting,
  effort: Effort,
): Promise<SettingResult> {
  const payload = createPayload(bodyBytes);
  await using bare = await startBareActors(barePauses(backend.limit));
  await using holdpoint = await startHoldpointActors(backend.store);
  const contestants = [
    { name: limitName, actors: bare },
    { name: holdpointName, actors: holdpoint },
  ].map(({ name, actors }): Contestant<LedgerOperation> => ({
    name,
    operations: {
      pause: (item) => postToSocket(actors.pauseSocket, pauseEnvelope(item, payload)),
      resume: (item) => postToSocket(actors.resumeSocket, resumeEnvelope(item)),
    },
  }));
  const comparisons = await compare(contestants, ["pause", "resume"], inFlight, effort);
  return { group: "socket", bodyBytes, inFlight, comparisons };
}

/** What a person would write first: it pauses and resumes, and promises nothing beyond. */
function barePauses(store: PlainStore): BarePauses {
  const versions = new Map<string, string>();
  return {
    pause: async (envelope) => {
      const { id } = envelope;
      versions.set(id, await store.create(keyOf(id), bodyOf(JSON.stringify(envelope))));
      return { payload: envelope.payload, headers: { "x-asya-pause": {} } };
    },
    resume: async ({ headers = {}, payload }) => {
      const id = String(headers["x-asya-resume-task"]);
      const { content, version } = (await store.read?.(keyOf(id))) ?? { content: "", version: "" };
      const stored = JSON.parse(Buffer.from(content as Uint8Array).toString()) as Envelope & { payload: object };
      const restored = { ...stored, payload: { ...stored.payload, ...(payload as object) } };
      // Some SDKs hand out no version with what they read; it is known from the write.
      const known = version === "" ? (versions.get(id) ?? "") : version;
      await store.update?.(keyOf(id), bodyOf(JSON.stringify({ ...restored, state: "resumed" })), known);
      versions.delete(id);
      return { payload: restored.payload, headers: restored.headers };
    },
  };
}

function keyOf(id: string): string {
  return `paused/${id}.json`;
}

function createPayload(sizeBytes: number): object {
  // Some text and some structure, as payloads have.
  const parts = Array.from({ length: 16 }, (_, index) => ({
    index,
    score: index / 7,
    text: createBody(Math.ceil(sizeBytes / 16)).text,
  }));
  return { analysis: "fine", parts };
}

function taskIdOf({ key }: BenchItem): string {
  return key.replaceAll(/^paused\/|\.json$/gu, "");
}

function pauseEnvelope(item: BenchItem, payload: object): Envelope {
  return {
    id: taskIdOf(item),
    route: { prev: ["analyzer"], curr: "x-pause", next: ["summarizer"] },
    headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    payload,
  };
}

function resumeEnvelope(item: BenchItem): Envelope {
  return {
    id: `resume-${taskIdOf(item)}`,
    route: { prev: [], curr: "x-resume", next: [] },
    headers: { "x-asya-resume-task": taskIdOf(item) },
    payload: { approved: true, notes: "as it should be" },
  };
}
