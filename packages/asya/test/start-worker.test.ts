import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it, onTestFinished } from "vitest";

import { startWorker } from "./start-worker.ts";

it("an order to a process that has just been killed comes to nothing, whether or not its end has been seen", async () => {
  const directory = await mkdtemp(join(tmpdir(), "hp-worker-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const worker = await startWorker(directory);
  worker.process.kill("SIGKILL");
  // Without a turn of the event loop, in which its end would be seen.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  const order = { step: "pause", taskId: "task-1", answerId: "" } as const;
  expect(await worker.order(order)).toBeUndefined();
  expect(await worker.order(order)).toBeUndefined();
  await worker.stop();
});
