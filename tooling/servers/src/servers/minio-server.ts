import { join } from "node:path";

import { at } from "../server-definition.ts";
import type { ServerDefinition } from "../server-definition.ts";

/** MinIO on one drive, with the default credentials `minioadmin` and an empty bucket `holdpoint`. */
export const minioServer: ServerDefinition = {
  name: "minio",
  environmentVariable: "HOLDPOINT_TEST_MINIO_URL",
  binary: {
    command: "minio",
    // No minimum: a binary that `go install` built calls itself DEVELOPMENT.GOGET.
    goModule: { path: "github.com/minio/minio", version: "v0.0.0-20260212201848-7aac2a2c5b7c" },
  },
  compose: { service: "minio", portVariables: ["HOLDPOINT_MINIO_PORT", "HOLDPOINT_MINIO_CONSOLE_PORT"] },
  portCount: 2,
  readyLine: /^API: http/m,
  processes: (ports, directory) => [
    {
      arguments: [
        "server",
        "--address",
        `127.0.0.1:${at(ports, 0)}`,
        "--console-address",
        `127.0.0.1:${at(ports, 1)}`,
        join(directory, "minio"),
      ],
      environment: {
        MINIO_ROOT_USER: "minioadmin",
        MINIO_ROOT_PASSWORD: "minioadmin",
        // Otherwise the server asks the vendor whether there is a newer release, and waits where there is no network.
        MINIO_UPDATE: "off",
        MINIO_BROWSER: "off",
      },
      // On a single drive, a directory is a bucket.
      directory: join(directory, "minio", "holdpoint"),
    },
  ],
  url: (ports) => `http://minioadmin:minioadmin@127.0.0.1:${at(ports, 0)}`,
};
