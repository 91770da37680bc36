import { createHook } from "node:async_hooks";

import { describe, expect, it, vi } from "vitest";

import { ownSteps } from "./own-work.ts";

// What an operation costs on the store in memory, in things that can be counted: they make most of its processor time,
// which `pnpm bench --only own` measures, and no other program changes them. They are exact, so that what has become less
// stays less.
const budgets = [
  { operation: "put if absent", promises: 10, timers: 1, read: 0, written: 0 },
  { operation: "get", promises: 8, timers: 1, read: 0, written: 0 },
  { operation: "put if version", promises: 8, timers: 1, read: 0, written: 0 },
  { operation: "delete", promises: 10, timers: 1, read: 0, written: 0 },
  // Written: the document, and the text that its digest is of.
  { operation: "pause", promises: 16, timers: 1, read: 0, written: 2 },
  { operation: "resume", promises: 33, timers: 2, read: 1, written: 1 },
  { operation: "open", promises: 22, timers: 1, read: 0, written: 2 },
  { operation: "answer", promises: 33, timers: 2, read: 1, written: 1 },
  // Claimed, and done with a receipt. The fourth timer is that of the claim's renewal.
  { operation: "act", promises: 67, timers: 4, read: 1, written: 2 },
] as const;

// A text at least as long holds the whole payload.
const documentCharacters = 800;

describe("our own work", () => {
  it("is no more than its budget", async () => {
    const { steps } = await ownSteps();
    const counted = [];
    for (const { operation } of budgets) {
      const run = steps.find((step) => step.operation === operation)?.run ?? expect.fail(operation);
      // What is done once only is not an operation's.
      for (const id of ["first", "second"]) await run(id);
      counted.push({ operation, ...(await costOf(() => run("third"))) });
    }
    expect(counted).toEqual(budgets);
  });
});

interface Cost {
  readonly promises: number;
  readonly timers: number;
  /** How often a text of a document's size was parsed as JSON. */
  readonly read: number;
  /** How often one was made. */
  readonly written: number;
}

async function costOf(work: () => unknown): Promise<Cost> {
  const made = { PROMISE: 0, Timeout: 0 };
  const hook = createHook({
    init: (_id, type) => {
      if (type === "PROMISE" || type === "Timeout") made[type] += 1;
    },
  });
  const parse = vi.spyOn(JSON, "parse");
  const stringify = vi.spyOn(JSON, "stringify");
  hook.enable();
  await work();
  hook.disable();
  const read = parse.mock.calls.filter(([text]) => text.length > documentCharacters).length;
  const written = stringify.mock.results.filter(({ value }) => String(value).length > documentCharacters).length;
  vi.restoreAllMocks();
  return { promises: made.PROMISE, timers: made.Timeout, read, written };
}
