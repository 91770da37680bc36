import { expect, it } from "vitest";

import { stateProxyPrefix } from "./prefix-rules.ts";

// Measured: what the connectors of the state proxy write for `STATE_PREFIX`.
it.each([
  [undefined, "/", ""],
  ["", ":", ""],
  ["crew", ":", "crew:"],
  ["crew:", ":", "crew::"],
  ["team", "/", "team/"],
  ["team/", "/", "team//"],
  ["/team", "/", "/team/"],
  ["a/b", "/", "a/b/"],
] as const)("the prefix %j with %j is %j", (prefix, separator, expected) => {
  expect(stateProxyPrefix(prefix, separator)).toBe(expected);
});
