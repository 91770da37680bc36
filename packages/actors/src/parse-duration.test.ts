import { describe, expect, it } from "vitest";

import { parseDurationMs } from "./parse-duration.ts";

describe("parseDurationMs", () => {
  it.each([
    ["5m", 300_000],
    ["30s", 30_000],
    ["1h30m", 5_400_000],
    ["1.5s", 1500],
    ["250ms", 250],
    ["300", 300_000],
    ["0.5", 500],
    ["0", 0],
  ])("reads %s", (text, expectedMs) => {
    expect(parseDurationMs(text)).toBe(expectedMs);
  });

  it.each(["", "5 m", "m", "-5m", "5m!", "five", "1h 30m", "5d", "1e3", ".", "9".repeat(400), `${"9".repeat(400)}h`])(
    "refuses %j",
    (text) => {
      expect(parseDurationMs(text)).toBeUndefined();
    },
  );
});
