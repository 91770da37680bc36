import type { Envelope, PauseLedger } from "@holdpoint/asya";
import type { CheckpointStore } from "@holdpoint/core";
import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";

import type { ResourcePeaks } from "./resource-watch.ts";
import { ResourceWatch } from "./resource-watch.ts";
import type { LoadStep } from "./step-meter.ts";
import { StepMeter } from "./step-meter.ts";

/** How much there is to do. */
export interface LoadSize {
  /** How many tasks wait in the store at once. */
  readonly documents: number;
  /** How many pauses, and then resumes, are under way at any time. */
  readonly inFlight: number;
  /** How much text each task carries. */
  readonly payloadBytes: number;
}

/** How far a run is. */
export interface LoadProgress {
  readonly step: LoadStep["name"];
  readonly done: number;
  readonly documents: number;
  readonly rssBytes: number;
  /** Whether the step is over. */
  readonly ended: boolean;
}

/** What came of a run. */
export interface LoadReport extends LoadSize {
  readonly location: string;
  /** Before the first step, with the store open. */
  readonly before: ResourcePeaks;
  readonly steps: readonly LoadStep[];
  /** The first things that went wrong in each step. */
  readonly problems: readonly string[];
}

const progressMs = 1000;

/**
 * Pauses very many tasks in a store, resumes them all, lists them and prunes them, and measures what that takes. The
 * store has to be empty where it looks: its listing would hold more than these tasks, and the prune would take others.
 *
 * @example
 * ```ts
 * const size = { documents: 10_000, inFlight: 1000, payloadBytes: 1000 };
 * const { steps } = await runLoad("redis://127.0.0.1:6379?prefix=load/", size);
 * console.log(steps.map(({ name, peaks }) => [name, peaks.rssBytes, peaks.connections]));
 * ```
 * @param onProgress told about once a second how far the run is, and at the end of each step, when it is waited for
 * @throws {Error} if there is something in the store
 * @throws {CheckpointError} if the store cannot be opened, or cannot be listed to the end
 */
export async function runLoad(
  storeUrl: string,
  size: LoadSize,
  onProgress: (progress: LoadProgress) => void | Promise<void> = () => {},
): Promise<LoadReport> {
  using watch = new ResourceWatch();
  await using store = await openStore(storeUrl);
  await assertEmpty(store);
  const before = watch.take();
  const { documents } = size;
  const steps: LoadStep[] = [];
  const problems: string[] = [];
  for (const [step, work] of Object.entries(stepsOn(store, size)) as [LoadStep["name"], StepWork][]) {
    const meter = new StepMeter(step, documents, watch);
    const show = async (ended: boolean): Promise<void> =>
      await onProgress({ step, done: meter.done, documents, rssBytes: process.memoryUsage.rss(), ended });
    const timer = setInterval(() => void show(false), progressMs);
    await work(meter).finally(() => clearInterval(timer));
    steps.push(meter.finish());
    await show(true);
    problems.push(...meter.problems);
  }
  return { ...size, location: store.location, before, steps, problems };
}

async function assertEmpty(store: CheckpointStore): Promise<void> {
  for await (const { key } of store.list()) {
    throw new Error(`${store.location} is not empty, it has ${JSON.stringify(key)}: give it a prefix of its own.`);
  }
}

type StepWork = (meter: StepMeter) => Promise<void>;

/** The steps in their order. */
function stepsOn(store: CheckpointStore, size: LoadSize): Record<LoadStep["name"], StepWork> {
  const ledger = createPauseLedger(store);
  const run = `load-${Date.now().toString(36)}`;
  return {
    pause: async (meter) =>
      await forAll(size, meter, async (index) => {
        const { outcome } = await ledger.pause(taskOf(`${run}-${index}`, size.payloadBytes));
        return outcome === "paused" ? undefined : `a new task was ${outcome}`;
      }),
    resume: async (meter) => await forAll(size, meter, async (index) => await resume(ledger, `${run}-${index}`)),
    list: async (meter) => {
      for await (const { taskId, state } of ledger.list()) {
        meter.count(taskId.startsWith(run) && state === "resumed" ? undefined : `${taskId} is ${state}`);
      }
    },
    prune: async (meter) => {
      let kept = 0;
      const onProgress = ({ examined, removed, compacted }: Awaited<ReturnType<PauseLedger["prune"]>>): void => {
        meter.count(examined - removed - compacted > kept ? "a task that had ended was kept" : undefined);
        kept = examined - removed - compacted;
      };
      await ledger.prune({ olderThanMs: 0, onProgress });
    },
  };
}

/** Does the same to every task, so many at a time. `work` says what is wrong, if anything. */
async function forAll(
  { documents, inFlight }: LoadSize,
  meter: StepMeter,
  work: (index: number) => Promise<string | undefined>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < documents) {
      const index = next;
      next += 1;
      const since = meter.now();
      meter.count(await work(index).catch(String), since);
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, documents) }, worker));
}

async function resume(ledger: PauseLedger, taskId: string): Promise<string | undefined> {
  const { outcome, message } = await ledger.resume(answerTo(taskId));
  if (outcome !== "resumed") return `a task that waited was ${outcome}`;
  const { task, approved } = message.payload;
  return task === taskId && approved === true ? undefined : `${taskId} went on as another message`;
}

function taskOf(id: string, payloadBytes: number): Envelope {
  const route = { prev: [], curr: "x-pause", next: ["work"] };
  return { id, route, payload: { task: id, text: "t".repeat(payloadBytes) } };
}

function answerTo(taskId: string): Envelope {
  const route = { prev: [], curr: "x-resume", next: [] };
  return { id: `resume-${taskId}`, route, headers: { "x-asya-resume-task": taskId }, payload: { approved: true } };
}
