import { join } from "node:path";

import { at } from "../server-definition.ts";
import type { ServerBinary, ServerDefinition } from "../server-definition.ts";

/** The executable that the single server and the cluster are both made of. */
export const redisBinary: ServerBinary = {
  command: "redis-server",
  oldest: { version: "6.2", versionArguments: ["--version"] },
  debianPackage: "redis-server",
};

/** A line that Redis and Valkey print when they listen. */
export const redisReadyLine = /Ready to accept connections/;

/** One Redis that keeps nothing on disk. */
export const redisServer: ServerDefinition = {
  name: "redis",
  environmentVariable: "HOLDPOINT_TEST_REDIS_URL",
  binary: redisBinary,
  compose: { service: "redis", portVariables: ["HOLDPOINT_REDIS_PORT"] },
  portCount: 1,
  readyLine: redisReadyLine,
  processes: (ports, directory) => [
    { arguments: redisArguments(at(ports, 0), join(directory, "redis")), directory: join(directory, "redis") },
  ],
  url: (ports) => `redis://127.0.0.1:${at(ports, 0)}`,
};

/** The command line of one Redis on loopback with its files in `directory`. */
export function redisArguments(port: number, directory: string): readonly string[] {
  return ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--appendonly", "no"];
}
