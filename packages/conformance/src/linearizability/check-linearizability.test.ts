import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { create, get, operation, put, remove, update } from "../../test/made-up-history.ts";
import { checkLinearizability } from "./check-linearizability.ts";
import type { HistoryAction, HistoryOperation } from "./history.ts";
import { strictModel } from "./register-model.ts";

describe("accepts", () => {
  const histories: Readonly<Record<string, readonly HistoryOperation[]>> = {
    "no operations": [],
    "one after the other": [
      operation(0, 1, create("a")),
      operation(2, 3, get("a")),
      operation(4, 5, update("a", "b")),
      operation(6, 7, create("c", false)),
      operation(8, 9, remove),
      operation(10, 11, update("b", "d", false)),
      operation(12, 13, get(null)),
    ],
    "a read beside a write, before or after it": [
      operation(0, 10, create("a")),
      operation(1, 2, get(null)),
      operation(3, 4, get("a")),
    ],
    "a write that takes effect in the middle of others": [
      operation(0, 100, put("a")),
      operation(1, 2, put("b")),
      operation(3, 4, get("b")),
      operation(5, 6, get("a")),
    ],
    "an unknown write that happened": [operation(0, undefined, create("a")), operation(10, 11, get("a"))],
    "an unknown write that never happened": [operation(0, undefined, create("a")), operation(10, 11, get(null))],
    "an unknown write that happened late": [
      operation(0, undefined, put("a")),
      operation(1, 2, get(null)),
      operation(3, 4, create("b")),
      operation(5, 6, get("a")),
    ],
    "a conditional delete that lost to another": [
      operation(0, 1, create("a")),
      operation(2, 5, { kind: "conditional delete", expected: "a", end: "nothing there" }),
      operation(2, 5, { kind: "conditional delete", expected: "a", end: "removed" }),
    ],
  };
  test.for(Object.entries(histories))("%s", ([, history]) => {
    expect(checkLinearizability(history)).toMatchObject({ linearizable: true });
  });
});

describe("rejects", () => {
  const histories: Readonly<Record<string, readonly HistoryOperation[]>> = {
    "two creators that both won": [operation(0, 10, create("a")), operation(1, 9, create("b"))],
    "a stale read": [operation(0, 1, create("a")), operation(2, 3, get(null))],
    "a value that goes back": [
      operation(0, 10, put("a")),
      operation(1, 9, put("b")),
      operation(11, 12, get("a")),
      operation(13, 14, get("b")),
    ],
    "a lost update": [
      operation(0, 1, create("a")),
      operation(2, 8, update("a", "b")),
      operation(3, 9, update("a", "c")),
    ],
    "a resurrection": [operation(0, 1, create("a")), operation(2, 3, remove), operation(4, 5, update("a", "b"))],
    "a false conflict of an update": [operation(0, 1, create("a")), operation(2, 3, update("a", "b", false))],
    "a conflict with itself": [operation(0, 1, create("a", false)), operation(2, 3, get("a"))],
    "a false conflict of a create": [operation(0, 1, create("a", false))],
    "a value that nobody wrote": [operation(0, 1, create("a")), operation(2, 3, get("b"))],
    "a refused write that can be read": [
      operation(0, 1, create("a")),
      operation(2, 3, create("b", false)),
      operation(4, 5, get("b")),
    ],
    "a delete that did not delete": [operation(0, 1, create("a")), operation(2, 3, remove), operation(4, 5, get("a"))],
    "a conditional delete of another value": [
      operation(0, 1, create("a")),
      operation(2, 3, put("b")),
      operation(4, 5, { kind: "conditional delete", expected: "a", end: "removed" }),
    ],
    "a conditional delete that took a present value for none": [
      operation(0, 1, create("a")),
      operation(2, 3, { kind: "conditional delete", expected: "x", end: "nothing there" }),
    ],
    "an unknown write that happened before it began": [operation(0, 1, get("a")), operation(2, undefined, put("a"))],
  };
  test.for(Object.entries(histories))("%s", ([, history]) => {
    expect(checkLinearizability(history)).toMatchObject({ linearizable: false });
  });
});

/** What a store that works on one operation at a time answers. */
function play(kinds: readonly string[]): HistoryAction[] {
  let value: string | null = null;
  let last = "never written";
  return kinds.map((kind, index): HistoryAction => {
    const next = `v${index}`;
    const before: string | null = value;
    switch (kind) {
      case "get":
        return get(before);
      case "put":
        last = value = next;
        return put(next);
      case "create":
        if (before === null) last = value = next;
        return create(next, before === null);
      case "update": {
        const expected = last;
        if (before === expected) last = value = next;
        return update(expected, next, before === expected);
      }
      default:
        value = null;
        return remove;
    }
  });
}

const kinds = fc.array(fc.constantFrom("get", "get", "put", "create", "update", "delete"), {
  minLength: 1,
  maxLength: 60,
});

test("accepts every history of one store, however long its operations seem to take", () => {
  fc.assert(
    fc.property(kinds, fc.infiniteStream(fc.nat(6)), (names, slack) => {
      // Each takes effect at its own moment; around it, it may have begun earlier and ended later.
      const history = play(names).map((action, index) => {
        const moment = index * 4;
        return operation(moment - (slack.next().value ?? 0), moment + (slack.next().value ?? 0), action);
      });
      return checkLinearizability(history).linearizable;
    }),
    { numRuns: 200 },
  );
});

test("rejects every such history in which one read is changed to what was never written", () => {
  fc.assert(
    fc.property(kinds, fc.nat(), (names, choice) => {
      const actions = play([...names, "get"]);
      const reads = actions.flatMap(({ kind }, index) => (kind === "get" ? [index] : []));
      const changed = reads[choice % reads.length];
      const history = actions.map((action, index) =>
        operation(index * 4 - 6, index * 4 + 6, index === changed ? get("never written by anybody") : action),
      );
      return !checkLinearizability(history).linearizable;
    }),
    { numRuns: 200 },
  );
});

test("is given up after so many steps, where the search would take for ever", () => {
  const open = Array.from({ length: 60 }, (_, index) => operation(0, undefined, put(`value ${index}`)));
  const history = [...open, operation(1, 2, get("never written by anybody"))];
  const verdict = checkLinearizability(history, strictModel, 1_000);
  expect(verdict.linearizable).toBeUndefined();
  expect(verdict.steps).toBeLessThan(1_000 + 100);
});
