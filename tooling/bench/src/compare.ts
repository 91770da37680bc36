import { collectGarbage } from "./collect-garbage.ts";
import type { BenchItem, Contestant } from "./contestant.ts";
import { limitName } from "./contestant.ts";
import { runInFlight } from "./run-in-flight.ts";
import type { Spread } from "./statistics.ts";
import { spreadOf } from "./statistics.ts";

/** How long and how often is measured. */
export interface Effort {
  /** How long one contestant's turn at one operation is to take at least. */
  readonly batchMs: number;
  readonly rounds: number;
  /** No round is begun after this long, once there are {@link Effort.leastRounds}. */
  readonly longestMs: number;
  readonly leastRounds: number;
}

/** What one contestant needed for one operation. */
export interface ComparisonRow {
  readonly contestant: string;
  /** For one operation of those in flight, in milliseconds: the time of a turn divided by the operations in it. */
  readonly ms: Spread;
  /** The time in each round by that of the limit in the same round. */
  readonly ratio: Spread;
  /**
   * Processor time for one operation, in milliseconds, which other programs disturb less: of this process, and of the
   * one that the contestant works through, if there is one; never of the store's server.
   */
  readonly cpuMs: Spread;
  readonly cpuRatio: Spread;
}

/** What came of one operation. */
export interface Comparison {
  readonly operation: string;
  readonly rounds: number;
  readonly rows: readonly ComparisonRow[];
}

/**
 * Lets contestants take turns at the same operations, in one process and in short turns, so that whatever else the
 * machine does hits all of them alike. The order changes from round to round.
 *
 * In its turn a contestant does the operations one after the other on fresh items, each operation on all of them.
 */
export async function compare<Operation extends string>(
  contestants: readonly Contestant<Operation>[],
  operations: readonly Operation[],
  inFlight: number,
  { batchMs, rounds, longestMs, leastRounds }: Effort,
): Promise<readonly Comparison[]> {
  const counts = new Map<string, number>();
  for (const contestant of contestants)
    counts.set(contestant.name, await warmUp(contestant, operations, inFlight, batchMs));
  const times = new Map<string, Map<Operation, Taken[]>>();
  const endAt = performance.now() + longestMs;
  let done = 0;
  for (; done < rounds && (done < leastRounds || performance.now() < endAt); done += 1) {
    for (const contestant of rotated(contestants, done)) {
      const measured = await takeTurn(contestant, operations, inFlight, counts.get(contestant.name) ?? inFlight);
      const kept = times.get(contestant.name) ?? new Map<Operation, Taken[]>();
      times.set(contestant.name, kept);
      for (const [operation, taken] of measured) kept.set(operation, [...(kept.get(operation) ?? []), taken]);
    }
  }
  return operations.map((operation) => {
    const limit = times.get(limitName)?.get(operation) ?? [];
    const rows = contestants.flatMap(({ name }) => {
      const taken = times.get(name)?.get(operation);
      if (taken === undefined) return [];
      const by = (measure: keyof Taken): Spread =>
        spreadOf(taken.map((each, round) => each[measure] / (limit[round]?.[measure] ?? Number.NaN)));
      return [
        {
          contestant: name,
          ms: spreadOf(taken.map(({ ms }) => ms)),
          ratio: by("ms"),
          cpuMs: spreadOf(taken.map(({ cpuMs }) => cpuMs)),
          cpuRatio: by("cpuMs"),
        },
      ];
    });
    return { operation, rounds: done, rows };
  });
}

/** What one operation took, on average over a turn. */
interface Taken {
  readonly ms: number;
  readonly cpuMs: number;
}

let items = 0;

function freshItem(): BenchItem {
  items += 1;
  // As a task's key looks; unique, so that what is created was never there.
  return { key: `paused/task-${items.toString().padStart(9, "0")}.json`, version: "" };
}

/** Runs every operation until it is warm, and finds out how many make a turn long enough. */
async function warmUp<Operation extends string>(
  contestant: Contestant<Operation>,
  operations: readonly Operation[],
  inFlight: number,
  batchMs: number,
): Promise<number> {
  let count = inFlight;
  for (let turn = 1; turn <= 4; turn += 1) {
    const measured = await takeTurn(contestant, operations, inFlight, count);
    const slowestMs = Math.max(...Array.from(measured.values(), ({ ms }) => ms));
    const wanted = Math.ceil(batchMs / slowestMs / inFlight) * inFlight;
    if (turn > 1 && count >= wanted) break;
    count = Math.max(count, Math.min(wanted, count * 20));
  }
  return count;
}

async function takeTurn<Operation extends string>(
  { operations: does, otherCpuMs = () => 0, forget }: Contestant<Operation>,
  operations: readonly Operation[],
  inFlight: number,
  count: number,
): Promise<ReadonlyMap<Operation, Taken>> {
  const batch = Array.from({ length: count }, freshItem);
  const measured = new Map<Operation, Taken>();
  for (const operation of operations) {
    const work = does[operation];
    if (work === undefined) continue;
    // Large bodies leave much garbage, and whoever happened to be at work would pay for it.
    if (forget !== undefined) collectGarbage();
    const cpuMs = (): number => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000 + otherCpuMs();
    };
    const usedBefore = cpuMs();
    const startedAt = performance.now();
    await runInFlight(batch, inFlight, work);
    const ms = performance.now() - startedAt;
    measured.set(operation, { ms: ms / count, cpuMs: (cpuMs() - usedBefore) / count });
  }
  if (forget !== undefined) await runInFlight(batch, Math.max(inFlight, 8), forget);
  return measured;
}

function rotated<Element>(elements: readonly Element[], by: number): readonly Element[] {
  const start = by % elements.length;
  const turned = [...elements.slice(start), ...elements.slice(0, start)];
  // Otherwise each would always follow the same one.
  return by % 2 === 0 ? turned : turned.toReversed();
}
