import { createRandom } from "../src/faults/create-random.ts";
import type { HistoryAction, RecordedOperation, SeenValue } from "../src/linearizability/history.ts";

type Action = HistoryAction<SeenValue>;
type Stored = Required<SeenValue>;

/** What a simulated history is made of. */
export interface Simulation {
  readonly seed: number;
  readonly operations: number;
  readonly uniqueVersions: boolean;
  /** The share of writes whose outcome stays unknown, from 0 to 1. */
  readonly unknown: number;
  /** The share of the writes without a version that take effect more than once, from 0 to 1. */
  readonly repeated: number;
}

/** Plays a store that is right, and whose answers get lost: each operation acts at random moments within its time. */
export function simulateHistory({
  seed,
  operations,
  uniqueVersions,
  unknown,
  repeated,
}: Simulation): RecordedOperation[] {
  const random = createRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const seen: Stored[] = [];
  let stored: Stored | null = null;
  let effects = 0;

  const write = (value: string): Stored => {
    effects += 1;
    stored = { value, version: uniqueVersions ? `v${effects}` : value };
    return stored;
  };
  const oneSeen = (): Stored => seen[seen.length - 1 - below(Math.min(seen.length, 3))] ?? { value: "-", version: "-" };

  const act = (attempted: Action, isLast: boolean): Action => {
    switch (attempted.kind) {
      case "get":
        if (stored !== null) seen.push(stored);
        return { kind: "get", found: stored };
      case "put":
        return { kind: "put", value: write(attempted.value.value) };
      case "create": {
        const { kind, value } = attempted;
        if (stored === null) return { kind, value: write(value.value), applied: true };
        const isOwn = stored.value === value.value;
        // Before the last time it has not asked what is there.
        return { kind, value: isOwn ? stored : value, applied: isOwn || !isLast };
      }
      case "update": {
        const { value } = attempted;
        const expected = oneSeen();
        const applied = stored?.version === expected.version;
        return { kind: "update", expected, value: applied ? write(value.value) : value, applied };
      }
      case "delete":
        stored = null;
        return attempted;
      case "conditional delete": {
        const { kind } = attempted;
        const expected = oneSeen();
        if (stored === null) return { kind, expected, end: "nothing there" };
        if (stored.version !== expected.version) return { kind, expected, end: "conflict" };
        stored = null;
        return { kind, expected, end: "removed" };
      }
    }
  };

  const planned = Array.from({ length: operations }, (_, index) => {
    const value = { value: `w${index}` };
    const attempts: readonly Action[] = [
      { kind: "get", found: null },
      { kind: "get", found: null },
      { kind: "put", value },
      { kind: "create", value, applied: true },
      { kind: "update", expected: value, value, applied: true },
      { kind: "delete" },
      { kind: "conditional delete", expected: value, end: "removed" },
    ];
    const attempted = attempts[below(attempts.length)]!;
    const isUnknown = attempted.kind !== "get" && random() < unknown;
    const mayRepeat = ["put", "create", "delete"].includes(attempted.kind) && random() < repeated;
    const start = below(operations * 4);
    const times = isUnknown && random() < 0.5 ? 0 : mayRepeat ? 1 + below(3) : 1;
    const moments = Array.from({ length: times }, () => start + below(20)).toSorted((left, right) => left - right);
    return {
      index,
      attempted,
      isUnknown,
      moments,
      start: start - below(10),
      end: (moments.at(-1) ?? start) + below(10),
    };
  });

  const answers = new Map<number, Action>();
  const steps = planned.flatMap(({ index, attempted, moments }) =>
    moments.map((moment, time) => ({ index, attempted, moment, isLast: time === moments.length - 1 })),
  );
  steps.sort((left, right) => left.moment - right.moment);
  for (const { index, attempted, isLast } of steps) answers.set(index, act(attempted, isLast));

  return planned.map(({ index, attempted, isUnknown, start, end }) => ({
    key: "key",
    participant: `p${index}`,
    startedAt: BigInt(start),
    endedAt: isUnknown ? undefined : BigInt(end),
    action: isUnknown ? withoutAnswer(answers.get(index) ?? attempted, attempted) : (answers.get(index) ?? attempted),
  }));
}

/** What was attempted, with what was known before: the version that a condition named. */
function withoutAnswer(answer: Action, attempted: Action): Action {
  return "expected" in attempted && "expected" in answer ? { ...attempted, expected: answer.expected } : attempted;
}
