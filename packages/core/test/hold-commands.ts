import * as fc from "fast-check";

import type { HoldModel } from "./hold-model.ts";
import type { HoldStep } from "./hold-steps.ts";
import * as steps from "./hold-steps.ts";
import { expiresInMs, leaseMs } from "./hold-world.ts";
import type { HoldWorld } from "./hold-world.ts";

type Command = fc.AsyncCommand<HoldModel, HoldWorld>;

/** How often each kind of step was told what. */
export type Told = Map<string, number>;

/** Everything that may happen to a hold, in any order; what leads on more often than what ends it. */
export function holdCommands(told: Told): readonly fc.Arbitrary<Command>[] {
  const index = fc.nat(2);
  const which = fc.nat(5);
  const whenInDoubt = fc.constantFrom("stop" as const, "again" as const);
  const waitMs = fc.constantFrom(0, steps.watchMs);
  const weighted: readonly (readonly [number, fc.Arbitrary<HoldStep>])[] = [
    [5, fc.tuple(index, fc.constantFrom("Refund?", "Refund?", "Refund?", "Another?")).map(steps.open)],
    [1, fc.tuple(index, fc.constantFrom("ada", "bob"), fc.constant("reject" as const)).map(steps.answer)],
    [5, fc.tuple(index, fc.constantFrom("ada", "bob"), fc.constant("approve" as const)).map(steps.answer)],
    [5, fc.tuple(index, whenInDoubt, waitMs).map(steps.act)],
    [4, which.map(steps.pay)],
    [4, fc.tuple(which, fc.constantFrom("return", "return", "throw", "not-applied")).map(steps.end)],
    [3, fc.tuple(index, waitMs).map(steps.settle)],
    [1, index.map(steps.cancel)],
    [1, index.map(steps.expire)],
    [1, index.map(steps.prune)],
    [1, index.map(steps.forget)],
    [1, index.map(steps.look)],
    [1, which.map(steps.kill)],
    [1, which.map(steps.suspend)],
    [1, fc.constant(undefined).map(steps.resume)],
    [3, fc.tuple(which, index, whenInDoubt).map(steps.outage)],
    [1, fc.tuple(index, fc.constantFrom(-3_600_000, 3_600_000)).map(steps.jump)],
    [1, fc.constantFrom(1_000, leaseMs / 2, 2 * leaseMs, expiresInMs + 10_000).map(steps.pass)],
  ];
  return weighted.flatMap(([weight, some]) => {
    const commands = some.map((step) => command(step, told));
    return Array.from({ length: weight }, () => commands);
  });
}

function command({ text, does, run }: HoldStep, told: Told): Command {
  return {
    check: () => true,
    run: async (model, world) => {
      const outcome = await run(model, world);
      if (outcome === undefined) return;
      const [what, foretold] = outcome;
      if (what !== foretold) throw new Error(`${text}: told ${what}, and the model says ${foretold}`);
      const kind = `${does}: ${what.replace(/\d+/u, "n")}`;
      told.set(kind, (told.get(kind) ?? 0) + 1);
      await assertAsModelled(model, world);
    },
    toString: () => text,
  };
}

/** What is stored is what the model says, and nobody was paid twice. */
async function assertAsModelled(model: HoldModel, world: HoldWorld): Promise<void> {
  const { payments } = world;
  if (new Set(payments).size > 1) throw new Error(`paid under several keys: ${payments.join(", ")}`);
  if (payments.length > 1 && !model.wasTakenOver) throw new Error(`paid ${payments.length} times`);
  const stored = await world.stored();
  const count = (what: string): number => stored?.log.filter(({ did }) => did === what).length ?? 0;
  const state = stored?.ended ?? stored?.state ?? "nothing";
  assertSame("state", state, model.state);
  assertSame("stub", stored?.state === "stub", model.isPruned);
  if (model.state === "nothing" || model.isPruned) return;
  assertSame("questions", count("opened"), 1);
  assertSame("expiries", count("expired"), model.expirations);
  if (state === "waiting") assertSame("votes", stored?.votes?.map(({ by }) => by.subject).join(), model.votes.join());
  if (model.answer !== undefined) assertSame("answer", stored?.answer?.by.subject, model.answer.by);
  if (state === "answered") assertSame("attempts", stored?.attempts, model.attempts);
  if (state === "acting") assertSame("attempt", stored?.claim?.attempt, model.attempts);
  if (state === "done") assertSame("receipt", stored?.receipt?.value, model.receipt);
}

function assertSame(what: string, stored: unknown, modelled: unknown): void {
  if (stored !== modelled) throw new Error(`${what}: ${String(stored)}, and the model says ${String(modelled)}`);
}
