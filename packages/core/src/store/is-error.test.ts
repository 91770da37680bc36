import { createContext, runInContext } from "node:vm";

import { expect, it } from "vitest";

import { isError } from "./is-error.ts";

// What Node.js throws comes from one realm, and what runs in this context from another, as under Jest.
const other = createContext({});

it.each(["new Error('x')", "new TypeError('x')", "new (class Own extends Error {})('x')"])(
  "%s of another realm is an error",
  (code) => {
    const error: unknown = runInContext(code, other);
    expect(error instanceof Error).toBe(false);
    expect(isError(error)).toBe(true);
  },
);

it("a DOMException, which aborts are, and a class that only inherits are errors", () => {
  expect(isError(AbortSignal.abort().reason)).toBe(true);
  expect(isError(Object.create(Error.prototype))).toBe(true);
});

it.each(["({ name: 'Error', message: 'x', stack: '' })", "'Error'", "null", "undefined", "() => {}"])(
  "%s is no error",
  (code) => {
    expect(isError(runInContext(code, other))).toBe(false);
  },
);
