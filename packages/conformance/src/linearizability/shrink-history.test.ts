import fc from "fast-check";
import { expect, test } from "vitest";

import { create, get, operation, put, remove, removeVersion, update } from "../../test/made-up-history.ts";
import { simulateHistory } from "../../test/simulate-history.ts";
import { checkLinearizability } from "./check-linearizability.ts";
import type { HistoryOperation } from "./history.ts";
import { modelUnderFaults } from "./model-under-faults.ts";
import { nameValues } from "./name-values.ts";
import { shrinkHistory, withLessOf } from "./shrink-history.ts";

function isWrong(history: readonly HistoryOperation[]): boolean {
  return !checkLinearizability(history, modelUnderFaults(history, true)).linearizable;
}

test("what is left out does not make a history wrong that was right", () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(0, 0.3), (seed, unknown) => {
      const recorded = simulateHistory({ seed, operations: 20, uniqueVersions: true, unknown, repeated: 0.3 });
      let history = nameValues(recorded, true);
      for (const unneeded of history) {
        history = withLessOf(unneeded, history) ?? history;
        expect(isWrong(history)).toBe(false);
      }
    }),
    { numRuns: 40 },
  );
});

test("nor does the beginning or the end of a history", () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(0, 0.3), (seed, unknown) => {
      const recorded = simulateHistory({ seed, operations: 20, uniqueVersions: true, unknown, repeated: 0.3 });
      shrinkHistory(nameValues(recorded, true), (part) => {
        expect(isWrong(part)).toBe(false);
        return false;
      });
    }),
    { numRuns: 40 },
  );
});

test.each([
  ["a stale read", [operation(4, 5, put("a")), operation(6, 7, put("b")), operation(8, 9, get("a"))], 2],
  [
    "a lost update",
    [operation(4, 5, put("a")), operation(6, 7, update("a", "b")), operation(8, 9, update("a", "c"))],
    2,
  ],
  ["a false conflict", [operation(4, 5, put("a")), operation(6, 7, update("a", "b", false))], 2],
  ["a resurrection", [operation(4, 5, put("a")), operation(6, 7, remove), operation(8, 9, update("a", "b"))], 2],
  [
    "a removal that was none",
    [operation(4, 5, put("a")), operation(6, 7, removeVersion("a")), operation(8, 9, get("a"))],
    2,
  ],
] as const)("of %s, little is left", (_name, essence, left) => {
  const shrunk = shrinkHistory(
    [
      operation(0, 1, create("before")),
      operation(2, 3, remove),
      ...essence,
      operation(10, 12, create("beside", false)),
      operation(20, 21, put("after")),
      operation(22, 23, get("after")),
    ],
    isWrong,
  );
  expect(shrunk.filter(({ endedAt }) => endedAt !== undefined)).toHaveLength(left);
  expect(isWrong(shrunk)).toBe(true);
});
