import { openStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";
import type { HoldDetails, Holds } from "@holdpoint/core/holds";

import { startAnyTargetProxy } from "../any-target-proxy.ts";
import { createFaultInjector } from "../fault-injector.ts";
import { faultSettingsOf } from "../fault-settings.ts";
import { createRandom, drawSeed } from "../random.ts";
import { ServerRestarter } from "../server-restarter.ts";
import { throughProxy, withImpatience } from "../store-access.ts";
import { countOne } from "../torture-counts.ts";
import type { HoldCounts } from "./hold-counts.ts";
import { createHoldCounts } from "./hold-counts.ts";
import { HoldDisturber } from "./hold-disturber.ts";
import type { Payment, PaymentAnswer } from "./hold-order.ts";
import { planHold } from "./hold-plan.ts";
import type { HoldWorker } from "./hold-worker-pool.ts";
import { HoldWorkerPool } from "./hold-worker-pool.ts";
import { Payee } from "./payee.ts";
import type { HoldSurroundings } from "./torture-hold.ts";
import { TortureHold } from "./torture-hold.ts";

/** Options of {@link runHoldTorture}. */
export interface HoldTortureOptions {
  /** How many holds. @default 1000 */
  readonly holds?: number | undefined;
  /** Decides every choice; only the timing of processes is left to chance. @default drawn, and reported */
  readonly seed?: string | undefined;
  /** Worker processes. @default 4 */
  readonly processes?: number | undefined;
  /** How many holds are under way at once. @default 64 */
  readonly concurrency?: number | undefined;
  /** How long a worker may show no sign of life, in milliseconds. @default 1500 */
  readonly leaseMs?: number | undefined;
  /** The share of the requests to the server that meets a fault; 0 is none. @default 0.05 */
  readonly faultRate?: number | undefined;
  /** How many orders there are to one `kill -9`, on average, and so many payments to one within `act`; 0 is no kill. @default 100 */
  readonly ordersPerKill?: number | undefined;
  /** How many programs are run to one SIGSTOP beyond a lease, on average; 0 is none. @default 60 */
  readonly programsPerStop?: number | undefined;
  /** Ends the store's server, at random instants, and starts it again; it must keep what it has acknowledged. @default no restarts */
  readonly restartServer?: (() => Promise<void>) | undefined;
  /** How many orders that succeed there are to one restart of the server, on average. @default 2000 */
  readonly ordersPerRestart?: number | undefined;
  /** Variables that the store needs beside its URL. @default none but those of this process */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** The program of a worker. @default one with the holds of `@holdpoint/core` */
  readonly worker?: URL | undefined;
  /** Told about once a second how far the run is. @default nobody */
  readonly onProgress?: ((progress: HoldTortureProgress) => void) | undefined;
}

/** How far a run is. */
export interface HoldTortureProgress {
  readonly holds: number;
  readonly counts: HoldCounts;
  readonly faults: ReadonlyMap<string, number>;
  readonly elapsedMs: number;
}

/** What came of a run. */
export interface HoldTortureReport extends HoldTortureProgress {
  readonly seed: string;
  /** Payments that came too late, and that the payee refused. */
  readonly fenced: number;
  /** The stories of the first holds that went wrong. */
  readonly stories: readonly string[];
  /** What the first processes that ended by themselves wrote last. */
  readonly crashReports: readonly string[];
}

const keptStories = 5;
const progressMs = 1000;

/**
 * Asks, answers and acts on many holds of a store while everything around it breaks, and counts those that were lost and
 * those that had an effect twice. In the end all are pruned, and their programs run once more.
 *
 * @example
 * ```ts
 * const { counts } = await runHoldTorture("redis://127.0.0.1:6379", { holds: 100, seed: "1" });
 * console.log(counts.lost, counts.doubled, counts.otherKeys);
 * ```
 * @throws {Error} if a worker cannot be started, with what it wrote last; what `restartServer` throws
 */
export async function runHoldTorture(storeUrl: string, options: HoldTortureOptions = {}): Promise<HoldTortureReport> {
  const { holds: total = 1000, seed = drawSeed(), processes = 4, leaseMs = 1500, onProgress } = options;
  const { concurrency = 64, faultRate = 0.05, restartServer, ordersPerRestart = 2000 } = options;
  const { worker: script = new URL("hold-worker-main.ts", import.meta.url) } = options;
  const random = createRandom(seed);
  const counts = createHoldCounts();
  const payee = new Payee();
  const injector = createFaultInjector(faultRate, random.named("faults"));
  await using proxy = await startAnyTargetProxy(faultSettingsOf(storeUrl), injector);
  const { ordersPerKill = 100, programsPerStop = 60 } = options;
  const disturber = new HoldDisturber({
    ordersPerKill,
    programsPerStop,
    leaseMs,
    random: random.named("disturbances"),
    counts,
  });
  const underWay = new Map<string, { readonly hold: TortureHold; moods: number }>();
  const onPayment = (payment: Payment, worker: HoldWorker): PaymentAnswer | undefined =>
    disturber.payment(worker, () => {
      const found = underWay.get(payment.id);
      const before = payee.paidFor(payment.id);
      const answer = payee.take(payment, found?.hold.plan.moods[found.moods] ?? "pays");
      if (found !== undefined) found.moods += 1;
      const isPaid = payee.paidFor(payment.id).length > before.length;
      if (isPaid) counts.payments += 1;
      if (isPaid && before.some(({ key }) => key === payment.key)) counts.repeatedPayments += 1;
      if (payment.attempt > 1) counts.moreAttempts += 1;
      found?.hold.record.note(`payee: attempt ${payment.attempt} of ${worker.name} ${answer}, paid ${isPaid}`);
      return answer;
    });
  await using workers = await HoldWorkerPool.start({
    script,
    processes,
    variables: {
      ...options.environment,
      HOLDPOINT_STORE: withImpatience(storeUrl),
      ...(faultRate > 0 ? throughProxy(proxy.port) : {}),
    },
    random: random.named("processes"),
    counts,
    onPayment,
  });
  disturber.workers = workers;
  const startedAt = performance.now();
  const progress = (): HoldTortureProgress => {
    return { holds: total, counts, faults: injector.injected, elapsedMs: performance.now() - startedAt };
  };
  injector.isOn = faultRate > 0;
  const restarter =
    restartServer === undefined
      ? undefined
      : new ServerRestarter({
          restart: restartServer,
          deliveriesPerRestart: ordersPerRestart,
          random: random.named("restarts"),
          counts,
        });
  const timer = setInterval(() => onProgress?.(progress()), progressMs);
  try {
    const surroundings: HoldSurroundings = {
      workers,
      payee,
      counts,
      onOrder: (worker, order) => disturber.order(worker, order),
      onSuccess: () => restarter?.onSuccess(),
    };
    const run = `torture-${seed}-${Date.now().toString(36)}`;
    const ended: TortureHold[] = [];
    let started = 0;
    const work = async (): Promise<void> => {
      while (started < total) {
        started += 1;
        const drawn = random.named(`hold ${started}`);
        const plan = planHold(`${run}-${started}`, leaseMs, drawn);
        const hold = new TortureHold(plan, drawn.named("events"), surroundings);
        underWay.set(plan.id, { hold, moods: 0 });
        await hold.run();
        underWay.delete(plan.id);
        counts.ended += 1;
        ended.push(hold);
      }
    };
    const running = Promise.all(Array.from({ length: Math.min(concurrency, total) }, work));
    await (restarter === undefined ? running : Promise.race([running, restarter.failed]));
    await restarter?.settled();
    const stories = await judge(storeUrl, options.environment, ended, payee, counts);
    onProgress?.(progress());
    return { ...progress(), seed, fenced: payee.fenced, stories, crashReports: workers.crashReports };
  } finally {
    clearInterval(timer);
    await restarter?.settled();
  }
}

/** Judges every hold by what is stored, prunes them all, and runs each program once more; returns the first stories. */
async function judge(
  storeUrl: string,
  environment: Readonly<Record<string, string>> | undefined,
  ended: readonly TortureHold[],
  payee: Payee,
  counts: HoldCounts,
): Promise<readonly string[]> {
  await using store = await openStore(storeUrl, { environment });
  const holds = createHolds(store);
  const stored = await mapAll(ended, async ({ plan }) => await holds.inspect(plan.id));
  await holds.prune({ olderThanMs: 0 });
  const stories: string[] = [];
  const faults = await mapAll(ended, async ({ record, plan }, index) => {
    const details = stored[index] ?? null;
    await runPruned(holds, details, (what) => record.double(what));
    return record.judge(details, payee.paidFor(plan.id));
  });
  for (const [index, { record, plan }] of ended.entries()) {
    const { lost = [], doubled = [], otherKeys = 0 } = faults[index] ?? {};
    counts.holds += 1;
    counts.lost += lost.length > 0 ? 1 : 0;
    counts.doubled += doubled.length > 0 ? 1 : 0;
    counts.otherKeys += otherKeys;
    countOne(counts.ends, stored[index]?.state ?? "gone");
    if (lost.length + doubled.length + otherKeys === 0 || stories.length === keptStories) continue;
    const other = otherKeys === 0 ? [] : [`it was paid under ${otherKeys + 1} keys`];
    stories.push(`${plan.id}: ${[...lost, ...doubled, ...other].join("; ")}\n${record.story}`);
  }
  return stories;
}

/** What was asked and has ended is neither asked nor acted on again, also once only a stub is left. */
async function runPruned(holds: Holds, stored: HoldDetails | null, onFault: (what: string) => void): Promise<void> {
  if (stored === null || stored.question === undefined) return;
  const { id, question, content, state } = stored;
  const { outcome: asked } = await holds.open(id, { ask: { message: question.message }, content });
  if (asked !== "found") onFault(`after it was pruned it was asked once more: ${asked}`);
  if (!["done", "rejected", "canceled", "expired"].includes(state)) return;
  const { outcome } = await holds.act(id, () => onFault("after it was pruned it was acted on once more"));
  if (outcome !== state) onFault(`after it was pruned its program was told ${outcome}, and it was ${state}`);
}

async function mapAll<Item, Result>(
  items: readonly Item[],
  each: (item: Item, index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await each(item, index);
  };
  await Promise.all(Array.from({ length: 16 }, work));
  return results;
}
