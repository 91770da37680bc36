import { join } from "node:path";

import { at } from "../server-definition.ts";
import type { ServerDefinition } from "../server-definition.ts";

/** One NATS server with JetStream. */
export const natsServer: ServerDefinition = {
  name: "nats",
  environmentVariable: "HOLDPOINT_TEST_NATS_URL",
  binary: {
    command: "nats-server",
    // The first one with a time to live per key.
    oldest: { version: "2.11", versionArguments: ["--version"] },
    goModule: { path: "github.com/nats-io/nats-server/v2", version: "v2.15.2" },
  },
  compose: { service: "nats", portVariables: ["HOLDPOINT_NATS_PORT"] },
  portCount: 1,
  readyLine: /Server is ready/,
  processes: (ports, directory) => [
    {
      arguments: [
        "--addr",
        "127.0.0.1",
        "--port",
        String(at(ports, 0)),
        "--jetstream",
        "--store_dir",
        join(directory, "nats"),
      ],
      directory: join(directory, "nats"),
    },
  ],
  url: (ports) => `nats://127.0.0.1:${at(ports, 0)}`,
};
