import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import type { Envelope } from "@holdpoint/asya";

import type { ActorSockets } from "./actor-sockets.ts";

/** What pauses and resumes, and promises nothing beyond. */
export interface BarePauses {
  readonly pause: (envelope: Envelope) => Promise<object>;
  readonly resume: (envelope: Envelope) => Promise<object>;
}

/** The least that answers a sidecar: Node's HTTP server, JSON in and out. */
export async function startBareActors({ pause, resume }: BarePauses): Promise<ActorSockets> {
  const directory = await mkdtemp(join(tmpdir(), "hpb-"));
  const pauseSocket = join(directory, "pause.sock");
  const resumeSocket = join(directory, "resume.sock");
  const servers = [await serve(pauseSocket, pause), await serve(resumeSocket, resume)];
  return {
    pauseSocket,
    resumeSocket,
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function serve(socketPath: string, handle: (envelope: Envelope) => Promise<object>): Promise<Server> {
  const server = createServer((incoming, response) => {
    const answer = async (): Promise<void> => {
      const frame = await handle(JSON.parse(await text(incoming)) as Envelope);
      const body = Buffer.from(JSON.stringify({ frames: [frame] }));
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": body.byteLength,
        connection: "close",
      });
      response.end(body);
    };
    answer().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  server.listen(socketPath);
  await once(server, "listening");
  return server;
}
