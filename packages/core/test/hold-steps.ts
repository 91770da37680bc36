import type { HoldModel } from "./hold-model.ts";
import { expiresInMs, id, leaseMs } from "./hold-world.ts";
import type { HoldWorld, WorldWork } from "./hold-world.ts";

/** One thing that may happen, in the world and in the model. */
export interface HoldStep {
  readonly text: string;
  /** Its kind, for counting. */
  readonly does: string;
  /** Resolves to what was told and what the model foretells; to nothing if there was nothing to do. */
  readonly run: (model: HoldModel, world: HoldWorld) => Promise<readonly [told: string, foretold: string] | undefined>;
}

/** Longer than it takes to find somebody silent. */
export const watchMs = 2.5 * leaseMs;

export function open([index, message]: readonly [number, string]): HoldStep {
  return {
    text: `${index} asks ${message}`,
    does: "ask",
    run: async (model, world) => {
      const { host, nowMs } = world.running(index);
      return [await world.open(host, message), model.open(message, nowMs, expiresInMs)];
    },
  };
}

export function answer([index, by, decision]: readonly [number, string, "approve" | "reject"]): HoldStep {
  return {
    text: `${by} answers ${decision} at ${index}`,
    does: "answer",
    run: async (model, world) => {
      const { host, nowMs } = world.running(index);
      return [await world.answer(host, by, decision), model.respond(by, decision, nowMs)];
    },
  };
}

export function act([index, whenInDoubt, waitMs]: readonly [number, "stop" | "again", number]): HoldStep {
  return {
    text: `${index} acts under ${whenInDoubt}${waitMs === 0 ? "" : ", and waits for whoever does already"}`,
    does: "act",
    run: async (model, world) => {
      const { host, nowMs } = world.running(index);
      const isSilent = waitMs > 0 && isSilentIn(model, world);
      const begun = await world.act(host, whenInDoubt, waitMs);
      const { told, work } = model.act(whenInDoubt, nowMs, isSilent);
      if (!("work" in begun) || work === undefined) return ["told" in begun ? begun.told : "began", told];
      begun.work.model = work;
      return [`began attempt ${begun.work.attempt}`, `${told} attempt ${work.attempt}`];
    },
  };
}

export function pay(which: number): HoldStep {
  return {
    text: `work ${which} asks the payee`,
    does: "pay",
    run: async (_model, world) => {
      const work = runningWork(world, which);
      // Work looks at its signal before it does what cannot be undone.
      if (work === undefined || work.hasPaid || work.signal.aborted) return undefined;
      const told = world.pay(work) ? "paid" : "too late";
      return [told, told];
    },
  };
}

export function end([which, how]: readonly [number, string]): HoldStep {
  return {
    text: `work ${which} ends: ${how}`,
    does: "end",
    run: async (model, world) => {
      const work = runningWork(world, which);
      if (work?.model === undefined) return undefined;
      const nowMs = work.host.process.now().getTime();
      if (how === "throw") return [await world.end(work, "throw"), model.fail(work.model)];
      const hasPaid = work.hasPaid || (how === "return" && !work.signal.aborted && world.pay(work));
      if (!hasPaid) return [await world.end(work, "not-applied"), model.free(work.model)];
      return [await world.end(work, "return"), model.finish(work.model, work.receipt, nowMs)];
    },
  };
}

export function settle([index, waitMs]: readonly [number, number]): HoldStep {
  return {
    text: `a person looks into the books and settles at ${index}${waitMs === 0 ? "" : ", and waits for whoever acts"}`,
    does: "settle",
    run: async (model, world) => {
      const { host, nowMs } = world.running(index);
      const isSilent = waitMs > 0 && isSilentIn(model, world);
      const applied = world.payments.length > 0;
      if (!applied && (model.state === "in-doubt" || isSilent)) world.closedAttempts = model.attempts;
      const told = await world.settle(host, applied, "settled", waitMs);
      // Whoever waits settles some time later.
      const endedMs = isSilent ? Date.parse((await world.stored())?.end?.at ?? "") : nowMs;
      return [told, model.settle(applied, "settled", endedMs, isSilent)];
    },
  };
}

export function cancel(index: number): HoldStep {
  return {
    text: `${index} cancels`,
    does: "cancel",
    run: async (model, world) => {
      const { host, nowMs } = world.running(index);
      return [await world.cancel(host), model.cancel(nowMs)];
    },
  };
}

export function expire(index: number): HoldStep {
  return {
    text: `${index} expires`,
    does: "expire",
    run: async (model, world) => {
      const { host, nowMs } = world.running(index);
      const { expired, answered } = await host.holds.expire();
      return [String(expired + answered), model.expire(nowMs) ? "1" : "0"];
    },
  };
}

export function prune(index: number): HoldStep {
  return {
    text: `${index} prunes`,
    does: "prune",
    run: async (model, world) => {
      const { host, nowMs } = world.running(index);
      const { compacted } = await host.holds.prune({ olderThanMs: 0 });
      return [String(compacted), String(model.prune(nowMs))];
    },
  };
}

export function forget(index: number): HoldStep {
  return {
    text: `${index} forgets`,
    does: "forget",
    run: async (model, world) => {
      const told = await world.forget(world.running(index).host);
      if (told === "forgotten") world.abandon();
      return [told, model.forget()];
    },
  };
}

/** Reports what is, and changes nothing. */
export function look(index: number): HoldStep {
  return {
    text: `${index} looks`,
    does: "look",
    run: async (model, world) => {
      const { host, nowMs } = world.running(index);
      const before = await world.stored();
      const seen = (await host.holds.inspect(id))?.state ?? "nothing";
      const [listed] = await Array.fromAsync(host.holds.list());
      const isAsBefore = JSON.stringify(before) === JSON.stringify(await world.stored());
      const state = model.isDue(nowMs) ? "expired" : model.state;
      return [
        `${seen}, ${listed?.state ?? "nothing"}, as before: ${isAsBefore}`,
        `${state}, ${state}, as before: true`,
      ];
    },
  };
}

export function kill(which: number): HoldStep {
  return {
    text: `whoever does work ${which} dies`,
    does: "kill",
    run: async (_model, world) => {
      world.kill(world.hostOf(which));
      return ["dead", "dead"];
    },
  };
}

export function suspend(which: number): HoldStep {
  return {
    text: `whoever does work ${which} stands still`,
    does: "suspend",
    run: async (_model, world) => {
      const host = world.hostOf(which);
      if (world.processes.every((other) => other === host || other.isSuspended)) return undefined;
      host.isSuspended = true;
      host.process.suspend();
      return ["stands still", "stands still"];
    },
  };
}

export function resume(): HoldStep {
  return {
    text: "everybody wakes up",
    does: "resume",
    run: async (_model, world) => {
      for (const host of world.processes) {
        host.isSuspended = false;
        host.process.resume();
      }
      await world.time.pass(0);
      return ["awake", "awake"];
    },
  };
}

/** Whoever works cannot reach the store for longer than a lease, and somebody watches. */
export function outage([which, index, whenInDoubt]: readonly [number, number, "stop" | "again"]): HoldStep {
  return {
    text: `whoever does work ${which} cannot reach the store while ${index} acts under ${whenInDoubt}`,
    does: "act in an outage",
    run: async (model, world) => {
      const cutOff = world.hostOf(which);
      if (cutOff === world.running(index).host) return undefined;
      cutOff.isDown = true;
      const outcome = await act([index, whenInDoubt, watchMs]).run(model, world);
      cutOff.isDown = false;
      return outcome;
    },
  };
}

export function jump([index, ms]: readonly [number, number]): HoldStep {
  return {
    text: `the clock of ${index} jumps by ${ms} ms`,
    does: "jump",
    run: async (_model, world) => {
      world.running(index).host.process.jump(ms);
      return ["jumped", "jumped"];
    },
  };
}

export function pass(ms: number): HoldStep {
  return {
    text: `${ms} ms pass`,
    does: "pass",
    run: async (_model, world) => {
      await world.time.pass(ms);
      return ["passed", "passed"];
    },
  };
}

/** One of those who work, and who neither stand still nor are cut off. */
function runningWork(world: HoldWorld, which: number): WorldWork | undefined {
  const running = world.works.filter((work) => world.isAlive(work));
  return running[which % Math.max(1, running.length)];
}

/** Whether whoever acts shows no sign of life. */
function isSilentIn(model: HoldModel, world: HoldWorld): boolean {
  if (model.state !== "acting") return false;
  const owner = world.works.find((work) => work.model === model.claim);
  return owner === undefined || !world.isAlive(owner);
}
