import { setImmediate } from "node:timers/promises";

import { describe, test } from "vitest";

import { settlesWithin } from "./settles-within.ts";
import { sleepAwake } from "./sleep-awake.ts";

function stopTheProcess(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}

describe("a clock that stands while the process does not run", () => {
  test("what is done after a stop is not late", async ({ expect }) => {
    const work = async (): Promise<string> => {
      for (let step = 0; step < 5; step += 1) await setImmediate();
      return "done";
    };
    const within = settlesWithin("the work", 200, work());
    stopTheProcess(400);
    expect(await within).toBe("done");
  });

  test("what is never done is late", async ({ expect }) => {
    await expect(settlesWithin("the work", 50, new Promise(() => undefined))).rejects.toThrow(
      "the work must settle within 50 ms; it did not",
    );
  });

  test("a stop does not shorten what comes after it", async ({ expect }) => {
    const slept = sleepAwake(100);
    stopTheProcess(200);
    const started = performance.now();
    await slept;
    expect(performance.now() - started).toBeGreaterThan(80);
  });
});
