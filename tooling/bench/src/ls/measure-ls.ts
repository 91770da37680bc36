import { Writable } from "node:stream";

import { listTasks } from "../../../../packages/cli/src/list/list-tasks.ts";
import type { CommandContext } from "../../../../packages/cli/src/frame/command-context.ts";
import { exitCodes } from "../../../../packages/cli/src/frame/exit-code.ts";
import { Output } from "../../../../packages/cli/src/frame/output.ts";
import { benchBackends } from "../bench-backends.ts";
import type { Comparison, Effort } from "../compare.ts";
import { compare } from "../compare.ts";
import { holdpointName, limitName } from "../contestant.ts";
import { ledgerDocuments, seedDocuments } from "../growth/growth-documents.ts";
import type { PlainStore } from "../plain-store.ts";
import { bodyOf } from "../plain-store.ts";
import { runInFlight } from "../run-in-flight.ts";
import type { BackendUnderTest } from "../stores/bench-server.ts";

/** What `holdpoint ls` takes beside the bare SDK that reads the same documents. */
export interface LsResult {
  readonly backend: string;
  readonly tasks: number;
  readonly comparison: Comparison;
}

// The emulators of S3 and Cloud Storage take their time, which is not what is asked.
const listedBackends = ["file", "redis", "minio", "nats", "postgres"];

/** As many documents as a listing reads at once. */
const readsInFlight = 16;
const writesInFlight = 64;

/** A turn is one listing, however long it takes. */
const effort: Effort = { batchMs: 1, rounds: 7, longestMs: 12_000, leastRounds: 3 };

/** Lists ten thousand waiting tasks, or in a hurry a thousand, on every backend. */
export async function measureLs(quick: boolean, onResult: (result: LsResult) => void): Promise<readonly LsResult[]> {
  const documents = await ledgerDocuments(quick ? 1_000 : 10_000, { endedShare: 0 });
  const results: LsResult[] = [];
  for (const name of listedBackends) {
    const open = benchBackends[name];
    if (open === undefined) throw new Error(`there is no backend ${name}`);
    await using backend = await open();
    const limit = backend.contestants.find((contestant) => contestant.name === limitName);
    if (limit === undefined) throw new Error(`${name} has no contestant called ${limitName}`);
    await seedDocuments(name, backend.url, backend.environment, documents);
    await runInFlight(documents, writesInFlight, ({ key, text }) => limit.create(key, bodyOf(text)));
    const keys = documents.map(({ key }) => key);
    const contestants = [
      { name: limitName, operations: { ls: () => readBare(limit, keys) } },
      { name: holdpointName, operations: { ls: () => listWaiting(backend, keys.length) } },
    ];
    const [comparison] = await compare(contestants, ["ls"], 1, effort);
    if (comparison === undefined) throw new Error("nothing was compared");
    const result = { backend: name, tasks: documents.length, comparison };
    results.push(result);
    onResult(result);
  }
  return results;
}

/** What one would write first: lists the keys, reads each document, and parses it. */
async function readBare(store: PlainStore, keys: readonly string[]): Promise<void> {
  const listed = await store.list?.("paused/");
  if (listed !== keys.length) throw new Error(`${store.name} listed ${listed} keys`);
  await runInFlight(keys, readsInFlight, async (key) => {
    const { content = "" } = (await store.read?.(key)) ?? {};
    JSON.parse(Buffer.from(content as Uint8Array).toString());
  });
}

/** All that the command does once its process has started, its connection and its output included. */
async function listWaiting({ url, environment }: BackendUnderTest, tasks: number): Promise<void> {
  let lines = 0;
  const nowhere = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines += chunk.toString("latin1").split("\n").length - 1;
      done();
    },
  });
  const output = new Output(nowhere as NodeJS.WriteStream);
  const context: CommandContext = {
    environment: { ...process.env, ...environment },
    output,
    messages: output,
    interactive: false,
    signal: new AbortController().signal,
    interruption: undefined,
    exitCode: exitCodes.ok,
    usage: [],
    redact: async (text) => text,
    finish: (work) => work(),
  };
  await listTasks(context, { store: url, state: "open" });
  if (lines !== tasks) throw new Error(`ls has shown ${lines} tasks`);
}
