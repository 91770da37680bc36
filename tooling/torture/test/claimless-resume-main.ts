// An x-resume as it must not be: it reads what is paused and sends it on, and leaves it paused.
import { serveActor } from "@holdpoint/actors";
import { parseLosslessJson } from "@holdpoint/core";

import { openPausedTasks } from "./paused-tasks.ts";

const tasks = await openPausedTasks();
await serveActor(async (message) => (await tasks.restore(message)).reply, { parseJson: parseLosslessJson });
