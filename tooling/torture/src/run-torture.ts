import { setTimeout as sleep } from "node:timers/promises";

import { crewActor } from "@holdpoint/actors/mesh";
import type { ActorCommand } from "@holdpoint/actors/mesh";

import type { ActorName, Replica } from "./actor-pool.ts";
import { ActorPool } from "./actor-pool.ts";
import { startAnyTargetProxy } from "./any-target-proxy.ts";
import { createFaultInjector } from "./fault-injector.ts";
import { faultSettingsOf } from "./fault-settings.ts";
import type { Random } from "./random.ts";
import { createRandom, drawSeed } from "./random.ts";
import { ServerRestarter } from "./server-restarter.ts";
import { throughProxy, withImpatience } from "./store-access.ts";
import { planTask } from "./task-plan.ts";
import type { TortureCounts } from "./torture-counts.ts";
import { createCounts } from "./torture-counts.ts";
import type { TaskSurroundings } from "./torture-task.ts";
import { TortureTask } from "./torture-task.ts";

/** Options of {@link runTorture}. */
export interface TortureOptions {
  /** How many tasks. @default 1000 */
  readonly tasks?: number | undefined;
  /** Decides every choice; only the timing of processes is left to chance. @default drawn, and reported */
  readonly seed?: string | undefined;
  /** Actor processes, half of them x-pause and half x-resume. @default 4 */
  readonly processes?: number | undefined;
  /** How many tasks are under way at once. @default 64 */
  readonly concurrency?: number | undefined;
  /** The share of the requests to the server that meets a fault; 0 is none. @default 0.05 */
  readonly faultRate?: number | undefined;
  /** How many deliveries there are to one `kill -9`, on average; 0 is no kill. @default 200 */
  readonly deliveriesPerKill?: number | undefined;
  /** Ends the store's server, at random instants, and starts it again; it must keep what it has acknowledged. @default no restarts */
  readonly restartServer?: (() => Promise<void>) | undefined;
  /** How many deliveries that succeed there are to one restart of the server, on average. @default 2000 */
  readonly deliveriesPerRestart?: number | undefined;
  /** Variables that the store needs beside its URL. @default none but those of this process */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Other actors than x-pause and x-resume. @default those of `@holdpoint/actors` */
  readonly actors?: Readonly<Record<ActorName, ActorCommand>> | undefined;
  /** Told about once a second how far the run is. @default nobody */
  readonly onProgress?: ((progress: TortureProgress) => void) | undefined;
}

/** How far a run is. */
export interface TortureProgress {
  readonly tasks: number;
  readonly counts: TortureCounts;
  readonly faults: ReadonlyMap<string, number>;
  readonly elapsedMs: number;
}

/** What came of a run. */
export interface TortureReport extends TortureProgress {
  readonly seed: string;
  /** The stories of the first tasks that were lost or doubled. */
  readonly stories: readonly string[];
  /** What the first processes that ended by themselves wrote last. */
  readonly crashReports: readonly string[];
}

const keptStories = 5;
/** How many tasks that have ended wait for messages of the past. */
const keptTasks = 256;
const progressMs = 1000;
const maxDownMs = 150;

/**
 * Pauses and resumes many tasks on a store while everything around it breaks, and counts those that were lost or that
 * went on twice.
 *
 * @example
 * ```ts
 * const { counts } = await runTorture("redis://127.0.0.1:6379", { tasks: 100, seed: "1" });
 * console.log(counts.lost, counts.doubled);
 * ```
 * @throws {Error} if an actor cannot be started, with what it wrote last; what `restartServer` throws
 */
export async function runTorture(storeUrl: string, options: TortureOptions = {}): Promise<TortureReport> {
  const { tasks = 1000, seed = drawSeed(), processes = 4, concurrency = 64, onProgress } = options;
  const { faultRate = 0.05, deliveriesPerKill = 200, restartServer, deliveriesPerRestart = 2000 } = options;
  const random = createRandom(seed);
  const counts = createCounts();
  const injector = createFaultInjector(faultRate, random.named("faults"));
  await using proxy = await startAnyTargetProxy(faultSettingsOf(storeUrl), injector);
  const variables = {
    ...options.environment,
    ASYA_CHECKPOINT_STORE: withImpatience(storeUrl),
    ...(faultRate > 0 ? throughProxy(proxy.port) : {}),
  };
  await using actors = await ActorPool.start({
    commands: withVariables(options.actors ?? crewActors(), variables),
    replicas: Math.max(1, Math.ceil(processes / 2)),
    random: random.named("processes"),
    counts,
  });
  const startedAt = performance.now();
  const progress = (): TortureProgress => {
    return { tasks, counts, faults: injector.injected, elapsedMs: performance.now() - startedAt };
  };
  injector.isOn = faultRate > 0;
  const onDelivery = createKiller(actors, deliveriesPerKill, random.named("kills"));
  const restarter =
    restartServer === undefined
      ? undefined
      : new ServerRestarter({ restart: restartServer, deliveriesPerRestart, random: random.named("restarts"), counts });
  const onSuccess = (): void => restarter?.onSuccess();
  const timer = setInterval(() => onProgress?.(progress()), progressMs);
  try {
    const run = `torture-${seed}-${Date.now().toString(36)}`;
    const running = runTasks(run, { tasks, concurrency, random }, { actors, counts, onDelivery, onSuccess });
    const stories = await (restarter === undefined ? running : Promise.race([running, restarter.failed]));
    onProgress?.(progress());
    return { ...progress(), seed, stories, crashReports: actors.crashReports };
  } finally {
    clearInterval(timer);
    await restarter?.settled();
  }
}

/** Runs all tasks, a few at a time; returns the stories of the first that went wrong. */
async function runTasks(
  run: string,
  { tasks, concurrency, random }: { readonly tasks: number; readonly concurrency: number; readonly random: Random },
  surroundings: TaskSurroundings,
): Promise<readonly string[]> {
  const { counts } = surroundings;
  const stories: string[] = [];
  const ended: TortureTask[] = [];
  const choice = random.named("late deliveries");
  const judge = async (task: TortureTask): Promise<void> => {
    await task.deliverLate();
    const { record } = task;
    counts.tasks += 1;
    counts.pausePoints += record.passedCount;
    counts.doubled += record.doubled;
    if (!record.hasEnded) counts.lost += 1;
    if (record.hasEnded && record.doubled === 0) return;
    if (stories.length < keptStories)
      stories.push(`${record.hasEnded ? "doubled" : "lost"}: ${task.plan.id}\n${record.story}`);
  };
  let started = 0;
  const work = async (): Promise<void> => {
    while (started < tasks) {
      started += 1;
      const id = `${run}-${started}`;
      const drawn = random.named(`task ${started}`);
      const task = new TortureTask(planTask(id, drawn), drawn.named("events"), surroundings);
      await task.run();
      counts.ended += 1;
      if (ended.length < keptTasks) {
        ended.push(task);
        continue;
      }
      // Any of them, so that some of what is delivered late is very late.
      const index = choice.integer(0, ended.length - 1);
      const [replaced] = ended.splice(index, 1, task);
      if (replaced !== undefined) await judge(replaced);
    }
    for (let task = ended.pop(); task !== undefined; task = ended.pop()) await judge(task);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, tasks) }, work));
  return stories;
}

/** Kills, every so many deliveries, the process that has just been handed a message. */
function createKiller(actors: ActorPool, deliveriesPerKill: number, random: Random): (replica: Replica) => void {
  let untilKill = random.integer(1, deliveriesPerKill);
  return (replica) => {
    if (deliveriesPerKill === 0) return;
    untilKill -= 1;
    if (untilKill > 0 || !actors.isWhole) return;
    untilKill = random.integer(1, 2 * deliveriesPerKill);
    const instantMs = random.fraction() ** 2 * 40;
    const downMs = random.integer(0, maxDownMs);
    void sleep(instantMs).then(() => actors.killAndRestart(replica, downMs));
  };
}

function crewActors(): Record<ActorName, ActorCommand> {
  return { "x-pause": crewActor("x-pause", {}), "x-resume": crewActor("x-resume", {}) };
}

function withVariables(
  actors: Readonly<Record<ActorName, ActorCommand>>,
  variables: Readonly<Record<string, string>>,
): Record<ActorName, ActorCommand> {
  const extend = (actor: ActorCommand): ActorCommand => ({ ...actor, env: { ...variables, ...actor.env } });
  return { "x-pause": extend(actors["x-pause"]), "x-resume": extend(actors["x-resume"]) };
}
