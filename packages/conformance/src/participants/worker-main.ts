import { setTimeout as sleep } from "node:timers/promises";

import type { CheckpointStore } from "@holdpoint/core";
import { isError } from "@holdpoint/core/driver";

import type { OpenWorkerStore } from "../conformance-harness.ts";
import { bodyOf } from "../expect/body-of.ts";
import { WaitingList } from "../expect/waiting-list.ts";
import { watchStore } from "../expect/watch-store.ts";
import { runJob } from "./local-participants.ts";
import type { RaceJobName, RaceJobParameters } from "./race-jobs.ts";
import type { WorkerArguments, WorkerReply, WorkerRequest } from "./worker-messages.ts";
import { sharedClock } from "./shared-clock.ts";

const { module, argument } = JSON.parse(process.argv[2] ?? "") as WorkerArguments;
const opening = import(module) as Promise<{ readonly openStore: OpenWorkerStore }>;
const waiting = new WaitingList();
let joined: CheckpointStore | undefined;

process.on("message", (request: WorkerRequest) => {
  if (request.kind === "report") reply({ kind: "report", report: waiting.report });
  else void answer(request);
});
// The tests are gone: whatever the store still holds open must not keep this process.
process.once("disconnect", orphaned);

type WorkerTask = Exclude<WorkerRequest, { readonly kind: "report" }>;

function orphaned(): void {
  process.exit(1);
}

async function answer(request: WorkerTask): Promise<void> {
  try {
    reply({ kind: "done", result: await perform(request) });
  } catch (error) {
    reply({ kind: "failed", problem: isError(error) ? (error.stack ?? error.message) : String(error) });
  }
  if (request.kind !== "use once") return;
  process.off("disconnect", orphaned);
  process.disconnect();
}

function reply(message: WorkerReply): void {
  process.send?.(message);
}

async function perform(request: WorkerTask): Promise<unknown> {
  const { openStore } = await opening;
  switch (request.kind) {
    case "join":
      joined = watchStore(await openStore(request.namespace, argument), waiting);
      return null;
    case "race": {
      if (joined === undefined) throw new Error("the worker has not joined a namespace");
      await reach(request.startAt);
      return await runJob(joined, request.job, request.parameters as RaceJobParameters<RaceJobName>);
    }
    case "leave":
      await joined?.close();
      joined = undefined;
      return null;
    case "use once":
      await useOnce(await openStore(request.namespace, argument));
      return null;
  }
}

/** Waits for a moment on the clock that all processes share, so that they do not start as they are told one by one. */
async function reach(startAt: bigint): Promise<void> {
  const leftMs = Number(startAt - sharedClock.now()) / 1e6;
  if (leftMs > 1) await sleep(leftMs);
}

async function useOnce(store: CheckpointStore): Promise<void> {
  await store.check();
  const { version } = await store.put("used/first", bodyOf("1"), { ifAbsent: true });
  await store.put("used/first", bodyOf("2"), { ifVersion: version });
  await store.put("used/second", bodyOf("3"));
  for await (const entry of store.list({ prefix: "used/" })) {
    // Left early on purpose: what a listing holds open must go with the store.
    if (entry.key !== "") break;
  }
  await store.delete("used/second");
  await store.get("used/first");
  await store.close();
}
