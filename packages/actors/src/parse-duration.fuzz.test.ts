import fc from "fast-check";
import { expect, test } from "vitest";

import { parseDurationMs } from "./parse-duration.ts";

test("whatever the text, it is a time or nothing", () => {
  const piece = fc.constantFrom(
    "0",
    "1",
    "5",
    "9",
    "e",
    ".",
    "-",
    "+",
    " ",
    "ns",
    "us",
    "µs",
    "μs",
    "ms",
    "s",
    "m",
    "h",
    "d",
    "9".repeat(400),
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(text, (source) => {
      const durationMs = parseDurationMs(source);
      if (durationMs === undefined) return;
      expect(durationMs).toBeGreaterThanOrEqual(0);
      expect(durationMs).toBeLessThan(Infinity);
      expect(source).toMatch(/^[\d.nuµμmsh]+$/u);
    }),
    { numRuns: 2_000 },
  );
});

test("a time is read as it was written, as Go writes it and in seconds", () => {
  const parts = fc.record({ h: fc.nat(9_999), m: fc.nat(59), s: fc.nat(59), ms: fc.nat(999) });
  fc.assert(
    fc.property(parts, ({ h, m, s, ms }) => {
      const expectedMs = ((h * 60 + m) * 60 + s) * 1000 + ms;
      expect(parseDurationMs(`${h}h${m}m${s}s${ms}ms`)).toBe(expectedMs);
      expect(parseDurationMs(`${h * 3600 + m * 60 + s}.${String(ms).padStart(3, "0")}`)).toBeCloseTo(expectedMs, 3);
    }),
  );
});
