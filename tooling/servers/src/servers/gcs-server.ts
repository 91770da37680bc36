import { join } from "node:path";

import { at } from "../server-definition.ts";
import type { ServerDefinition } from "../server-definition.ts";

/**
 * An emulator of Google Cloud Storage that keeps objects in memory, with an empty bucket `holdpoint`.
 *
 * @see https://github.com/fsouza/fake-gcs-server
 */
export const gcsServer: ServerDefinition = {
  name: "gcs",
  environmentVariable: "HOLDPOINT_TEST_GCS_URL",
  binary: {
    command: "fake-gcs-server",
    // No minimum: it has no option that prints its version.
    goModule: { path: "github.com/fsouza/fake-gcs-server", version: "v1.56.1" },
  },
  compose: { service: "gcs", portVariables: ["HOLDPOINT_GCS_PORT"] },
  portCount: 1,
  readyLine: /server started at/,
  processes: (ports, directory) => {
    const address = `127.0.0.1:${at(ports, 0)}`;
    const listen = ["-scheme", "http", "-host", "127.0.0.1", "-port", String(at(ports, 0)), "-backend", "memory"];
    // Links in its answers would otherwise lead to storage.googleapis.com.
    const links = ["-external-url", `http://${address}`, "-public-host", address];
    // Each directory in there becomes a bucket.
    const data = join(directory, "gcs");
    return [{ arguments: [...listen, ...links, "-data", data], directory: join(data, "holdpoint") }];
  },
  url: (ports) => `http://127.0.0.1:${at(ports, 0)}`,
};
