import { strictEqual } from "node:assert/strict";

import type { ConformanceCase } from "../conformance-case.ts";
import { bodyOf } from "../expect/body-of.ts";
import { expectMissing, expectStored } from "../expect/expect-body.ts";
import { expectUnchanged } from "../expect/expect-unchanged.ts";
import { fail } from "../expect/fail.ts";
import { problemOfHistory } from "../linearizability/problem-of-history.ts";
import type { AttemptResult } from "../participants/race-jobs.ts";

/** The one participant that won; every other must have lost in the way that losing is announced. */
function onlyWinner(
  what: string,
  results: readonly AttemptResult[],
): { readonly index: number; readonly version: string } {
  const won = results.flatMap((result, index) =>
    result.end === "applied" ? [{ index, version: result.version }] : [],
  );
  expectNoFailure(what, results);
  const [winner] = won;
  if (winner !== undefined && won.length === 1) return winner;
  throw fail(`of ${results.length} ${what}, exactly one must succeed; ${won.length} did`);
}

function expectNoFailure(what: string, results: readonly AttemptResult[]): void {
  const failed = results.find((result) => result.end === "failed");
  if (failed !== undefined)
    throw fail(`${what} at the same time must succeed or conflict; one failed with ${failed.problem}`);
}

export const racesCases: readonly ConformanceCase[] = [
  {
    id: "races/one-creator-wins",
    breaks: "Two pauses of one task at the same moment both believe that they have stored it.",
    async run({ store, settings, participants }) {
      const racers = await participants();
      await racers.race("warmUp", () => ({ key: "warm" }));
      for (let round = 0; round < settings.raceRounds; round += 1) {
        const key = `created/${round}`;
        const results = await racers.race("put", (participant) => ({ key, body: `by ${participant}`, ifAbsent: true }));
        const { index, version } = onlyWinner("creates", results);
        await expectUnchanged(store, key, bodyOf(`by ${index}`), version);
      }
    },
  },
  {
    id: "races/one-claimant-wins",
    breaks: "Two resumes of one task at the same moment both succeed, and the task goes on twice.",
    async run({ store, settings, participants }) {
      const racers = await participants();
      await racers.race("warmUp", () => ({ key: "claimed" }));
      let { version } = await store.put("claimed", bodyOf("paused"));
      for (let round = 0; round < settings.raceRounds; round += 1) {
        const ifVersion = version;
        const body = (participant: number): string => `round ${round} by ${participant}`;
        const results = await racers.race("put", (participant) => ({
          key: "claimed",
          body: body(participant),
          ifVersion,
        }));
        const winner = onlyWinner("claims", results);
        ({ version } = winner);
        await expectUnchanged(store, "claimed", bodyOf(body(winner.index)), version);
      }
    },
  },
  {
    id: "races/contended-counter",
    breaks: "Of two changes to one document at the same moment, one is lost without an error.",
    async run({ store, settings, participants }) {
      const racers = await participants();
      await store.put("counter", bodyOf("0"));
      const times = settings.raceRounds;
      const total = racers.count * times;
      const results = await racers.race("countUp", () => ({ key: "counter", times, atMostConflicts: total }));
      await expectStored(store, "counter", bodyOf(String(total)));
      const versions = new Set(results.flatMap((result) => result.versions));
      strictEqual(versions.size, total, "every increment must have a version of its own");
    },
  },
  {
    id: "races/update-against-delete",
    breaks: "A task that is removed while somebody answers it comes back.",
    async run({ store, settings, participants }) {
      const racers = await participants();
      await racers.race("warmUp", () => ({ key: "warm" }));
      for (let round = 0; round < settings.raceRounds; round += 1) {
        const key = `removed/${round}`;
        const { version } = await store.put(key, bodyOf("paused"));
        const results = await racers.race("putOrDelete", (participant) =>
          (participant + round) % 2 === 0 ? { key, body: `by ${participant}`, ifVersion: version } : { key },
        );
        expectNoFailure("updates and deletes", results);
        await expectMissing(store, key);
      }
    },
  },
  {
    id: "races/update-against-conditional-delete",
    breaks: "Retention removes a task at the very moment in which it changes.",
    needs: "conditionalDelete",
    async run({ store, settings, participants }) {
      const racers = await participants();
      await racers.race("warmUp", () => ({ key: "warm" }));
      for (let round = 0; round < settings.raceRounds; round += 1) {
        const key = `removed/${round}`;
        const { version } = await store.put(key, bodyOf("paused"));
        const results = await racers.race("putOrDelete", (participant) =>
          (participant + round) % 2 === 0
            ? { key, body: `by ${participant}`, ifVersion: version }
            : { key, ifVersion: version },
        );
        expectNoFailure("updates and deletes", results);
        const won = results.flatMap(({ end }, index) => (end === "applied" || end === "removed" ? [index] : []));
        const [winner] = won;
        if (winner === undefined || won.length > 1) {
          throw fail(`of updates and deletes with one version, exactly one must succeed; ${won.length} did`);
        }
        if ((winner + round) % 2 === 0) await expectStored(store, key, bodyOf(`by ${winner}`));
        else await expectMissing(store, key);
      }
    },
  },
  {
    id: "races/linearizable-history",
    breaks: "Somebody reads a value that was already replaced, or a write takes effect twice, late, or not at all.",
    async run({ store, settings, participants }) {
      const racers = await participants();
      const { conditionalDelete, uniqueVersions } = store.capabilities;
      const { seed } = settings;
      for (let round = 0; round < 3; round += 1) {
        const histories = await racers.race("actAtRandom", (participant) => ({
          keys: [`history/${round}`],
          participant: `p${participant}`,
          operations: settings.raceRounds * 2,
          seed: seed + round * 1000 + participant,
          conditionalDelete,
        }));
        const problem = problemOfHistory(histories.flat(), { underFaults: false, uniqueVersions });
        if (problem !== undefined) throw fail(`${problem}\nIts seed is ${seed}.`);
      }
    },
  },
];
