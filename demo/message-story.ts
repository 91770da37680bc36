import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import type { ActorCommand, LocalMesh, MeshOutcome } from "@holdpoint/actors/mesh";
import { createLocalMesh, crewActor } from "@holdpoint/actors/mesh";
import type { CheckpointStore, JsonObject } from "@holdpoint/core";
import { openStore } from "@holdpoint/core";

import { askPerson } from "./ask-person.ts";
import type { DemoOptions } from "./demo-options.ts";

/** Tells how a message of a mesh pauses, survives, and goes on once. */
export async function tellMessages(options: DemoOptions, directory: string): Promise<void> {
  const url = options.store ?? pathToFileURL(join(directory, "state")).href;
  if (options.store === undefined) await mkdir(join(directory, "state"));
  await using store = await openStore(url);
  if (store.backend === "memory") throw new Error("a memory: store cannot be shared by processes; choose another.");
  await using mesh = await startActors(url, options, directory);
  console.log("Holdpoint demo: a task pauses for a person, its processes are killed, and it goes on exactly once.");
  console.log(`Route: analyzer -> x-pause -> summarizer, each a process. Store: ${store.location}\n`);

  const sent = mesh.send(["analyzer", "x-pause", "summarizer"], options.payload);
  const taskId = sent.envelope.id;
  const key = `paused/${taskId}.json`;
  try {
    const paused = expectOutcome(await sent.outcome, "paused");
    console.log(
      `1. The analyzer ran, then x-pause stored the message. It asks a person: ${quote(paused.metadata["prompt"])}`,
    );

    await mesh.kill("SIGKILL");
    console.log("2. kill -9 for every process. All that is left is one document in the store,");
    console.log(`   ${key}:`);
    await showDocument(store, key);

    await mesh.restart();
    console.log("3. The processes are started again, and a person answers:");
    const answers = await askPerson(options.metadata, options.answers);
    for (const [name, value] of Object.entries(answers)) console.log(`   ${name} = ${JSON.stringify(value)}`);

    const resume = mesh.resume(taskId, answers);
    const finished = expectOutcome(await resume.outcome, "finished");
    console.log("4. x-resume claimed the task and put the answer in its place. The summarizer received:");
    showJson((finished.envelope.payload as JsonObject)["received"]);

    const again = expectOutcome(await mesh.deliver(resume.envelope).outcome, "finished");
    const same = JSON.stringify(again.envelope.payload) === JSON.stringify(finished.envelope.payload);
    if (!same) throw new Error("the same resume message gave another result");
    console.log("5. The same resume message is delivered again, as queues do: the same result, byte for byte.");

    const second = expectOutcome(await mesh.resume(taskId, { ...answers, late: true }).outcome, "failed");
    if (second.error.type !== "AlreadyResumedError") throw new Error(second.error.message);
    console.log("6. Somebody else answers as well, and is refused:");
    console.log(`   ${second.error.message}`);
    console.log("\nThe task paused once and went on once. Try your own workflow: pnpm demo --help");
  } finally {
    await store.delete(key);
  }
}

async function startActors(store: string, options: DemoOptions, directory: string): Promise<LocalMesh> {
  return await createLocalMesh({
    directory,
    nonRetryableErrors: ["AlreadyResumedError"],
    actors: {
      analyzer: demoActor("analyzer"),
      "x-pause": crewActor("x-pause", {
        ASYA_CHECKPOINT_STORE: store,
        ASYA_PAUSE_METADATA: JSON.stringify(options.metadata),
      }),
      "x-resume": crewActor("x-resume", {
        ASYA_CHECKPOINT_STORE: store,
        ASYA_RESUME_MERGE_MODE: options.mergeMode,
      }),
      summarizer: demoActor("summarizer"),
    },
  });
}

function demoActor(name: string): ActorCommand {
  const script = fileURLToPath(new URL(`./actors/${name}.ts`, import.meta.url));
  return { command: process.execPath, args: [...process.execArgv, script] };
}

function expectOutcome<Kind extends MeshOutcome["kind"]>(
  outcome: MeshOutcome,
  kind: Kind,
): Extract<MeshOutcome, { readonly kind: Kind }> {
  if (outcome.kind === kind) return outcome as Extract<MeshOutcome, { readonly kind: Kind }>;
  const why = outcome.kind === "failed" ? `: ${outcome.error.message}` : "";
  throw new Error(`the message should have ${kind}, but has ${outcome.kind} at ${outcome.actor}${why}`);
}

/** The part of the document that the guide describes; what the ledger keeps for itself is left out. */
async function showDocument(store: CheckpointStore, key: string): Promise<void> {
  const checkpoint = await store.get(key);
  if (checkpoint === null) throw new Error(`there is no ${key}`);
  const {
    route,
    payload,
    _pause_metadata: metadata,
  } = JSON.parse(new TextDecoder().decode(checkpoint.body)) as JsonObject;
  showJson({ route, payload, _pause_metadata: metadata });
}

function showJson(value: unknown): void {
  const maxWidth = 108;
  const entries = Object.entries(value as JsonObject).map(([name, item]) => {
    const line = `   ${JSON.stringify(name)}: ${JSON.stringify(item)}`;
    return line.length > maxWidth ? `${line.slice(0, maxWidth)}…` : line;
  });
  console.log(entries.join("\n"));
}

function quote(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : JSON.stringify(value);
}
