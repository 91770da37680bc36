// An x-resume as it must not be: it deletes what is paused, and answers after that.
import { setTimeout as sleep } from "node:timers/promises";

import { serveActor } from "@holdpoint/actors";
import { parseLosslessJson } from "@holdpoint/core";

import { openPausedTasks } from "./paused-tasks.ts";

const workMs = 50;
const tasks = await openPausedTasks();
await serveActor(
  async (message) => {
    const { key, reply } = await tasks.restore(message);
    await tasks.store.delete(key);
    await sleep(workMs);
    return reply;
  },
  { parseJson: parseLosslessJson },
);
