import { expect, it } from "vitest";

import { missingPython, pythonIsThere } from "./python-peer.ts";

it("has Python to talk to, at least in CI", () => {
  const problem = !pythonIsThere && process.env["CI"] === "true" ? missingPython : undefined;
  expect(problem).toBeUndefined();
});
