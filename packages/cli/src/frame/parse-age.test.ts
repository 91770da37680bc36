import { expect, it } from "vitest";

import { parseAge } from "./parse-age.ts";

it.each([
  ["0s", 0],
  ["90s", 90_000],
  ["250ms", 250],
  ["1.5h", 5_400_000],
  ["1d12h", 129_600_000],
  ["2w", 1_209_600_000],
])("reads %s", (text, ms) => {
  expect(parseAge(text)).toBe(ms);
});

it.each(["", "30", "d", "1 d", "-1d", "1dx", "1y"])("refuses %j", (text) => {
  expect(() => parseAge(text)).toThrow("Expected an age such as 90s, 2h, 1d12h or 30d.");
});
