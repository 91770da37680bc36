import { findExecutable } from "../find-executable.ts";
import { programOutput } from "../program-output.ts";
import type { ServerSource } from "../server-source.ts";

/** A container, where a Docker engine answers and has the compose plugin. */
export const composeSource: ServerSource = {
  title: "Docker",
  find: async (_definition, { environment }) => {
    const docker = await findExecutable("docker", environment);
    if (docker === undefined) return { kind: "none", reason: "Docker is not installed" };
    const info = await programOutput(docker, ["info"]);
    if (!info.ok) return { kind: "none", reason: "docker info fails: no engine is running, or you may not use it" };
    const compose = await programOutput(docker, ["compose", "version"]);
    if (!compose.ok) return { kind: "none", reason: "docker compose fails: the compose plugin is not installed" };
    return { kind: "compose", docker };
  },
};
