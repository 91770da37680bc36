import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createActorLog, createPauseActor, createResumeActor, serveActor } from "@holdpoint/actors";
import type { CheckpointStore } from "@holdpoint/core";
import { createPauseLedger } from "@holdpoint/asya";
import { parseLosslessJson } from "@holdpoint/core";

import type { ActorSockets } from "./actor-sockets.ts";

/** x-pause and x-resume as their executables set them up, but in this process and with their log thrown away. */
export async function startHoldpointActors(store: CheckpointStore): Promise<ActorSockets> {
  const directory = await mkdtemp(join(tmpdir(), "hpb-"));
  const ledger = createPauseLedger(store);
  const options = {
    socketDirectory: directory,
    handleSignals: false,
    parseJson: parseLosslessJson,
    log: createActorLog({ actor: "bench" }, { write: () => undefined }),
  };
  const pause = await serveActor(createPauseActor({ ledger }), { ...options, socketName: "pause.sock" });
  const resume = await serveActor(createResumeActor({ ledger }), { ...options, socketName: "resume.sock" });
  return {
    pauseSocket: pause.socketPath,
    resumeSocket: resume.socketPath,
    [Symbol.asyncDispose]: async () => {
      await pause.close();
      await resume.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
