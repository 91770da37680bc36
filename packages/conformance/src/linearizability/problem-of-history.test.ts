import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { simulateHistory } from "../../test/simulate-history.ts";
import type { HistoryAction, RecordedOperation, SeenValue } from "./history.ts";
import { problemOfHistory } from "./problem-of-history.ts";

type Action = HistoryAction<SeenValue>;

const simulation = fc.record({
  seed: fc.nat(),
  operations: fc.integer({ min: 1, max: 40 }),
  uniqueVersions: fc.boolean(),
  unknown: fc.constantFrom(0, 0.2, 0.5),
  repeated: fc.constantFrom(0, 0.3, 0.8),
});
const certain = simulation.map((settings) => ({ ...settings, unknown: 0 }));

/** Operations one after the other, from `start` on. */
function inTurn(start: number, ...actions: readonly Action[]): RecordedOperation[] {
  return actions.map((action, index) => ({
    key: "key",
    participant: "after",
    startedAt: BigInt(start + index * 10),
    endedAt: BigInt(start + index * 10 + 5),
    action,
  }));
}

const afterAll = 1_000;
const x: SeenValue = { value: "x", version: "x1" };
const y: SeenValue = { value: "y", version: "y1" };
const z: SeenValue = { value: "z", version: "z1" };

describe("a store that is right", () => {
  test("is never suspected, however its answers get lost", () => {
    fc.assert(
      fc.property(simulation, (settings) => {
        const { uniqueVersions } = settings;
        expect(problemOfHistory(simulateHistory(settings), { underFaults: true, uniqueVersions })).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  test("is never suspected where no answer gets lost", () => {
    fc.assert(
      fc.property(certain, (settings) => {
        const { uniqueVersions } = settings;
        const history = simulateHistory({ ...settings, repeated: 0 });
        expect(problemOfHistory(history, { underFaults: false, uniqueVersions })).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });
});

describe("a store that is wrong once is found out, whatever happened before", () => {
  const endings: Readonly<Record<string, readonly Action[]>> = {
    "a put that is not there": [
      { kind: "put", value: x },
      { kind: "get", found: null },
    ],
    "a value that nobody wrote": [{ kind: "get", found: x }],
    "a deletion that did not delete": [{ kind: "put", value: x }, { kind: "delete" }, { kind: "get", found: x }],
    "a write that takes effect after its end": [
      { kind: "put", value: x },
      { kind: "put", value: y },
      { kind: "get", found: y },
      { kind: "get", found: { ...x, version: "x2" } },
    ],
    "a version that comes back": [
      { kind: "put", value: x },
      { kind: "put", value: y },
      { kind: "get", found: y },
      { kind: "get", found: x },
    ],
    "a lost update": [
      { kind: "put", value: x },
      { kind: "update", expected: x, value: y, applied: true },
      { kind: "update", expected: x, value: z, applied: true },
    ],
    "an update that takes effect twice": [
      { kind: "put", value: x },
      { kind: "update", expected: x, value: y, applied: true },
      { kind: "put", value: z },
      { kind: "get", found: y },
    ],
    "a false conflict of an update": [
      { kind: "put", value: x },
      { kind: "update", expected: x, value: y, applied: false },
    ],
    "a false conflict of a create": [{ kind: "delete" }, { kind: "create", value: x, applied: false }],
    "a create that overwrites": [
      { kind: "put", value: x },
      { kind: "create", value: y, applied: true },
    ],
    "a resurrection": [
      { kind: "put", value: x },
      { kind: "delete" },
      { kind: "update", expected: x, value: y, applied: true },
    ],
    "a conditional delete of another version": [
      { kind: "put", value: x },
      { kind: "put", value: y },
      { kind: "conditional delete", expected: x, end: "removed" },
    ],
    "a conditional delete that takes what is there for nothing": [
      { kind: "put", value: x },
      { kind: "conditional delete", expected: x, end: "nothing there" },
    ],
    "a refused update that was applied": [
      { kind: "put", value: x },
      { kind: "put", value: y },
      { kind: "update", expected: x, value: z, applied: false },
      { kind: "get", found: z },
    ],
  };
  test.each(Object.entries(endings))("%s", (_name, ending) => {
    fc.assert(
      fc.property(certain, (settings) => {
        const history = [...simulateHistory(settings), ...inTurn(afterAll, ...ending)];
        expect(problemOfHistory(history, { underFaults: true, uniqueVersions: true })).toBeDefined();
      }),
      { numRuns: 4 },
    );
  });
});

/** What is right only because an answer was lost. */
describe("under faults, and only there,", () => {
  const allowed: Readonly<Record<string, readonly RecordedOperation[]>> = {
    "a put may take effect again before it ends": [
      ...inTurn(0, { kind: "delete" }),
      { ...inTurn(10, { kind: "put", value: x })[0]!, endedAt: 100n },
      ...inTurn(
        20,
        { kind: "put", value: y },
        { kind: "get", found: y },
        { kind: "get", found: { ...x, version: "x2" } },
      ),
    ],
    "a create may": [
      { ...inTurn(10, { kind: "create", value: { ...x, version: "x2" }, applied: true })[0]!, endedAt: 100n },
      ...inTurn(20, { kind: "get", found: x }, { kind: "conditional delete", expected: x, end: "removed" }),
      ...inTurn(50, { kind: "get", found: null }, { kind: "get", found: { ...x, version: "x2" } }),
    ],
    "a deletion may": [
      { ...inTurn(10, { kind: "delete" })[0]!, endedAt: 100n },
      ...inTurn(
        20,
        { kind: "put", value: x },
        { kind: "get", found: null },
        { kind: "put", value: y },
        { kind: "get", found: null },
      ),
    ],
    "a create that was removed before it was looked for may end in a conflict": [
      { ...inTurn(10, { kind: "create", value: { value: "x" }, applied: false })[0]!, endedAt: 100n },
      ...inTurn(20, { kind: "get", found: x }, { kind: "delete" }, { kind: "create", value: y, applied: true }),
    ],
    "a conditional delete may take another's deletion for its own": inTurn(
      10,
      { kind: "put", value: x },
      { kind: "delete" },
      { kind: "conditional delete", expected: x, end: "removed" },
    ),
  };
  test.each(Object.entries(allowed))("%s", (_name, history) => {
    expect(problemOfHistory(history, { underFaults: true, uniqueVersions: true })).toBeUndefined();
    expect(problemOfHistory(history, { underFaults: false, uniqueVersions: true })).toBeDefined();
  });

  test("an update may not, though it may where versions are digests and the old one comes back", () => {
    const long = { ...inTurn(10, { kind: "put", value: x })[0]!, endedAt: 200n };
    const updating = { ...inTurn(12, { kind: "update", expected: x, value: y, applied: true })[0]!, endedAt: 200n };
    const reads = inTurn(50, ...[x, y, x, y].map((found): Action => ({ kind: "get", found })));
    const history = [long, updating, ...reads];
    expect(problemOfHistory(history, { underFaults: true, uniqueVersions: true })).toBeDefined();
    expect(problemOfHistory(history, { underFaults: true, uniqueVersions: false })).toBeUndefined();
  });
});

test("says who contradicts whom, and leaves out the others", () => {
  const history = [
    ...simulateHistory({ seed: 7, operations: 40, uniqueVersions: true, unknown: 0, repeated: 0.3 }),
    ...inTurn(
      afterAll,
      { kind: "put", value: x },
      { kind: "get", found: x },
      { kind: "update", expected: x, value: y, applied: true },
      { kind: "update", expected: x, value: z, applied: true },
    ),
    ...inTurn(2 * afterAll, { kind: "get", found: z }, { kind: "put", value: { value: "w" } }),
  ];
  expect(problemOfHistory(history, { underFaults: true, uniqueVersions: true })).toBe(
    [
      'no order explains these operations on "key":',
      "  after    0.00 ms    0.00 ms |====                    | put x: done",
      "  after    0.00 ms    0.00 ms |             ====       | stored: y",
      "> after    0.00 ms    0.00 ms |                   =====| update x to z: done",
      "In the best order that was found, y is stored, and none of those with > could come next.",
      "45 others are left out; they explain it neither.",
    ].join("\n"),
  );
});

test("names a version that two values share", () => {
  const history = inTurn(0, { kind: "put", value: x }, { kind: "put", value: { ...y, version: "x1" } });
  expect(problemOfHistory(history, { underFaults: false, uniqueVersions: true })).toBe(
    '"key": the version x1 was seen with y and with x',
  );
});
