import { expect, it } from "vitest";

import { Turns } from "./turns.ts";

it("a turn that comes just as it is given up is free for the next", async () => {
  const turns = new Turns(1);
  expect(turns.begin()).toBe(true);
  const controller = new AbortController();
  const waiting = turns.wait(controller.signal);
  turns.end();
  controller.abort(new Error("too late"));
  await expect(waiting).rejects.toThrow("too late");
  expect(turns.begin()).toBe(true);
  expect(turns.begin()).toBe(false);
});
