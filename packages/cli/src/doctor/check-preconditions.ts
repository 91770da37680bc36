import type { StoreFinding } from "@holdpoint/core";
import { CheckpointError } from "@holdpoint/core";

import type { Scratch } from "./scratch.ts";
import { scratchBody } from "./scratch.ts";

const reason = "Two answers can both resume a task then.";
const remedy = "Use a server that honours conditional writes.";
const racers = 8;

/** Tries whether the server refuses what a condition forbids, and lets one of several creators win. */
export async function* checkPreconditions(scratch: Scratch): AsyncIterable<StoreFinding> {
  const broken = await brokenConditions(scratch);
  yield broken.length === 0
    ? { subject: "preconditions", level: "ok", found: "the server refuses what a condition forbids" }
    : { subject: "preconditions", level: "problem", found: `the server ${broken.join(", and ")}`, reason, remedy };

  const winners = await race(scratch);
  yield winners === 1
    ? { subject: "race", level: "ok", found: `of ${racers} at once, one created a value` }
    : { subject: "race", level: "problem", found: `of ${racers} at once, ${winners} created a value`, reason, remedy };
}

async function brokenConditions(scratch: Scratch): Promise<readonly string[]> {
  const { store, signal } = scratch;
  const key = scratch.key("conditions");
  const broken: string[] = [];
  const expectConflict = async (says: string, work: () => Promise<unknown>): Promise<void> => {
    if (!(await isConflict(work))) broken.push(says);
  };

  const first = await store.put(key, scratchBody("first"), { ifAbsent: true, signal });
  await expectConflict("creates a value that is there already", () =>
    store.put(key, scratchBody("again"), { ifAbsent: true, signal }),
  );
  // Anew, in case that has succeeded.
  const current = broken.length === 0 ? first : await store.put(key, scratchBody("restored"), { signal });
  const second = await store.put(key, scratchBody("second"), { ifVersion: current.version, signal });
  await expectConflict("updates a value that has changed", () =>
    store.put(key, scratchBody("stale"), { ifVersion: current.version, signal }),
  );
  try {
    if (store.capabilities.conditionalDelete) {
      await expectConflict("removes a value that has changed, although it declares not to", () =>
        store.delete(key, { ifVersion: current.version, signal }),
      );
    }
    await store.delete(key, { signal });
  } catch (error) {
    // That removing is not permitted has been said.
    if (CheckpointError.is(error, "permission-denied")) return broken;
    throw error;
  }
  await expectConflict("revives a value that was removed", () =>
    store.put(key, scratchBody("revived"), { ifVersion: second.version, signal }),
  );
  return broken;
}

async function race(scratch: Scratch): Promise<number> {
  const { store, signal } = scratch;
  const key = scratch.key("race");
  const lost = await Promise.all(
    Array.from({ length: racers }, (_, index) =>
      isConflict(() => store.put(key, scratchBody(`racer ${index}`), { ifAbsent: true, signal })),
    ),
  );
  return lost.filter((isLost) => !isLost).length;
}

async function isConflict(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    if (CheckpointError.is(error, "conflict")) return true;
    throw error;
  }
}
