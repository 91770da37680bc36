// An actor of a user's own: says when it has a message, and answers when the file SLOW_ACTOR_RELEASE appears.
import { existsSync, watch } from "node:fs";
import { dirname } from "node:path";

import { serveActor } from "../src/serve-actor.ts";

const releaseFile = process.env["SLOW_ACTOR_RELEASE"] ?? "";

await serveActor(async ({ payload }, { log }) => {
  const released = Promise.withResolvers<void>();
  const watcher = watch(dirname(releaseFile), () => {
    if (existsSync(releaseFile)) released.resolve();
  });
  log.info("waiting");
  await released.promise;
  watcher.close();
  return { payload };
});
