import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { sendRedisCommand } from "../redis-command.ts";
import { at } from "../server-definition.ts";
import type { ServerDefinition } from "../server-definition.ts";
import { redisArguments, redisBinary, redisReadyLine } from "./redis-server.ts";

const slotCount = 16_384;
const joinTimeoutMs = 30_000;

/** Three Redis masters without replicas that share the slots. */
export const redisCluster: ServerDefinition = {
  name: "redis-cluster",
  environmentVariable: "HOLDPOINT_TEST_REDIS_CLUSTER_URL",
  binary: redisBinary,
  compose: {
    service: "redis-cluster",
    readyLine: /All 16384 slots covered/,
    portVariables: [
      "HOLDPOINT_REDIS_CLUSTER_PORT_1",
      "HOLDPOINT_REDIS_CLUSTER_PORT_2",
      "HOLDPOINT_REDIS_CLUSTER_PORT_3",
    ],
  },
  portCount: 3,
  // The cluster bus: https://redis.io/docs/latest/operate/oss_and_stack/management/scaling/#redis-cluster-tcp-ports
  // `cluster-port` could move it, but not before Redis 7.
  extraPortOffset: 10_000,
  readyLine: redisReadyLine,
  processes: (ports, directory) =>
    ports.map((port) => ({
      arguments: [
        ...redisArguments(port, join(directory, `redis-${port}`)),
        "--cluster-enabled",
        "yes",
        "--cluster-config-file",
        "nodes.conf",
      ],
      directory: join(directory, `redis-${port}`),
    })),
  prepare: joinMasters,
  url: (ports) => `redis://127.0.0.1:${at(ports, 0)}`,
};

/** What `redis-cli --cluster create` does, without needing a `redis-cli`. */
async function joinMasters(ports: readonly number[]): Promise<void> {
  for (const [index, port] of ports.entries()) {
    const first = Math.ceil((slotCount * index) / ports.length);
    const end = Math.ceil((slotCount * (index + 1)) / ports.length);
    // Not ADDSLOTSRANGE, which Redis 6.2 does not have.
    const slots = Array.from({ length: end - first }, (_, offset) => String(first + offset));
    await sendRedisCommand(port, ["CLUSTER", "ADDSLOTS", ...slots]);
    await sendRedisCommand(port, ["CLUSTER", "SET-CONFIG-EPOCH", String(index + 1)]);
  }
  for (const port of ports.slice(1)) {
    await sendRedisCommand(at(ports, 0), ["CLUSTER", "MEET", "127.0.0.1", String(port)]);
  }
  const deadlineMs = performance.now() + joinTimeoutMs;
  for (const port of ports) {
    for (;;) {
      const info = await sendRedisCommand(port, ["CLUSTER", "INFO"]);
      if (/^cluster_state:ok/m.test(info) && info.includes(`cluster_known_nodes:${ports.length}`)) break;
      if (performance.now() > deadlineMs) {
        throw new Error(`The three Redis servers did not become a cluster within ${joinTimeoutMs} ms:\n${info}`);
      }
      // A cluster agrees by gossip and tells nobody when it has.
      await sleep(50);
    }
  }
}
