/** Measures our own work in a process of its own, so that nothing else has run in it, and prints the rows as JSON. */
import { spreadOf } from "../statistics.ts";
import { ownSteps, roundTripName } from "./own-work.ts";
import type { OwnRow } from "./measure-own.ts";

const [rounds = 0] = process.argv.slice(2).map(Number);
const warmUpRounds = 5;
// Long enough that garbage is collected in every turn, as it is in a program at work.
const itemsPerTurn = 1_000;

const { steps, forget } = await ownSteps();
const taken = steps.map((): number[] => []);
let items = 0;
for (let round = 0; round < warmUpRounds + rounds; round += 1) {
  const ids = Array.from({ length: itemsPerTurn }, (_, index) => `task-${String(items + index).padStart(6, "0")}`);
  items += itemsPerTurn;
  for (const [index, { run }] of steps.entries()) {
    const usedBefore = process.cpuUsage();
    for (const id of ids) {
      const result = run(id);
      if (result instanceof Promise) await result;
    }
    const { user, system } = process.cpuUsage(usedBefore);
    if (round >= warmUpRounds) taken[index]?.push((user + system) / itemsPerTurn);
  }
  await forget();
}
const roundTrips = taken[steps.findIndex(({ operation }) => operation === roundTripName)] ?? [];
const rows = steps.map(({ subject, operation, budget }, index): OwnRow => {
  const cpuUs = taken[index] ?? [];
  const ratios = cpuUs.map((us, round) => us / (roundTrips[round] ?? Number.NaN));
  return { subject, operation, budget, cpuUs: spreadOf(cpuUs), ratio: spreadOf(ratios) };
});
console.log(JSON.stringify(rows));
