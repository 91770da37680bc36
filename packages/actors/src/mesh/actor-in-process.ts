import { parseLosslessJson } from "@holdpoint/core";

import { createActorLog } from "../actor-log.ts";
import type { ActorHandler } from "../actor-message.ts";
import { actorSocket } from "../actor-socket.ts";
import type { ActorServer } from "../serve-actor.ts";
import { serveActor } from "../serve-actor.ts";
import type { MeshOutput } from "./mesh-events.ts";
import type { RunningActor } from "./running-actor.ts";

/** What a {@link createActorInProcess} needs beside its handler. */
export interface ActorInProcessOptions {
  readonly name: string;
  readonly socketDirectory: string;
  readonly onOutput: (output: MeshOutput) => void;
}

/** A handler that is served by this very process, on a socket like any other actor's. */
export function createActorInProcess(handler: ActorHandler, options: ActorInProcessOptions): RunningActor {
  const { name, socketDirectory, onOutput } = options;
  const write = (line: string): void => onOutput({ actor: name, stream: "stderr", line });
  const ready = Promise.resolve();
  let server: ActorServer | undefined;
  return {
    socketPath: actorSocket(socketDirectory, "asya-runtime.sock").socketPath,
    ready: () => ready,
    start: async () => {
      server ??= await serveActor(handler, {
        name,
        socketDirectory,
        socketName: "asya-runtime.sock",
        handleSignals: false,
        shutdownGraceMs: 1000,
        parseJson: parseLosslessJson,
        log: createActorLog({ actor: name }, { write }),
      });
    },
    kill: async () => false,
    stop: async () => void (await server?.close()),
  };
}
