import fc from "fast-check";
import { expect, test } from "vitest";

import { createWriteId, judgeWrite } from "./write-id.ts";
import type { Precondition } from "./checkpoint-driver.ts";

const version = fc.oneof(
  fc.string({ unit: "binary", minLength: 1 }),
  fc.constantFrom("\ud800", "=", "*", "-", "\r\n", "x".repeat(5_000)),
);
const precondition: fc.Arbitrary<Precondition> = fc.oneof(
  fc.constant({ kind: "any" } as const),
  fc.constant({ kind: "absent" } as const),
  version.map((text) => ({ kind: "version", version: text }) as const),
);
const body = new Uint8Array();

test("a write id is printable ASCII of at most 300 characters, whatever the version", () => {
  fc.assert(
    fc.property(precondition, (condition) => {
      expect(createWriteId(condition)).toMatch(/^[\x20-\x7e]{37,300}$/u);
    }),
  );
});

test("a write knows itself, whatever it replaced", () => {
  fc.assert(
    fc.property(precondition, version, (condition, now) => {
      const writeId = createWriteId(condition);
      expect(judgeWrite(writeId, condition, { body, version: now, writeId })).toBe("applied");
    }),
  );
});

test("whatever write id stands there, only one that replaced the same makes a conflict", () => {
  fc.assert(
    fc.property(
      precondition,
      version,
      fc.option(fc.oneof(fc.string(), precondition.map(createWriteId)), { nil: undefined }),
      (condition, now, other) => {
        const judged = judgeWrite(createWriteId(condition), condition, { body, version: now, writeId: other });
        expect(judged).not.toBe("applied");
        if (judged === "conflict") expect(other?.slice(36)).toBe(createWriteId(condition).slice(36));
        if (condition.kind === "any") expect(judged).toBe("pending");
      },
    ),
  );
});
