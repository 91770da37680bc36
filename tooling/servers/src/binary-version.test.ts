import { expect, test } from "vitest";

import { compareVersions } from "./binary-version.ts";

test.for([
  ["2.9.25", "2.11", -1],
  ["2.15.2", "2.11", 1],
  ["6.2", "6.2.0", 0],
  ["10.0", "9.9.9", 1],
] as const)("%s against %s", ([left, right, sign]) => {
  expect(Math.sign(compareVersions(left, right))).toBe(sign);
});
