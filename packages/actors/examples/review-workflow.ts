import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";

import { createLocalMesh, crewActor } from "@holdpoint/actors/mesh";

async function main(): Promise<void> {
  const env = { ASYA_PERSISTENCE_MOUNT: await mkdtemp(`${tmpdir()}/state-`) };
  const mesh = await createLocalMesh({
    actors: {
      "x-pause": crewActor("x-pause", env),
      "x-resume": crewActor("x-resume", env),
      publisher: async ({ payload }) => ({ payload: { published: payload } }),
    },
  });
  const task = mesh.send(["x-pause", "publisher"], { draft: "Hello." });
  console.log((await task.outcome).kind); // paused
  await mesh.kill("SIGKILL");
  await mesh.restart();
  const resume = mesh.resume(task.envelope.id, { approved: true });
  console.log((await resume.outcome).envelope.payload); // { published: { draft: 'Hello.', approved: true } }
  await mesh.close();
}

void main();
