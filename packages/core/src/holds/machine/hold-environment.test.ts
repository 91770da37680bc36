import { expect, it } from "vitest";

import { systemEnvironment } from "./hold-environment.ts";

const { sleep } = systemEnvironment();

it.each([2 ** 31, 2 ** 40, Infinity])("sleeps for %s ms rather than not at all", async (ms) => {
  const awake = new AbortController();
  const sleeping = sleep(ms, awake.signal).then(() => "woke");
  expect(await Promise.race([sleeping, sleep(100)])).toBeUndefined();
  awake.abort();
  expect(await sleeping).toBe("woke");
});

it("wakes up once its time is over, or at once where the signal has aborted", async () => {
  await sleep(1);
  await sleep(Infinity, AbortSignal.abort());
  expect(await sleep(0)).toBeUndefined();
});
