import { randomUUID } from "node:crypto";

import { describeCheckpointStore } from "@holdpoint/conformance";
import { beforeAll, describe } from "vitest";

import { ensureBucket, openNamespace } from "./conformance-worker.ts";
import type { Layout } from "./conformance-worker.ts";
import { credentials, hasMinio } from "./minio-server.ts";
import { clientNames } from "./two-clients.ts";

describe.skipIf(!hasMinio)("conformance", () => {
  for (const client of clientNames) {
    for (const namespaceIs of ["bucket", "prefix"] as const) {
      const layout: Layout = { client, namespaceIs, bucket: `hp-${randomUUID().slice(0, 8)}` };
      const name = namespaceIs === "bucket" ? client : `${client} (prefix)`;
      describe(`a namespace is a ${namespaceIs}`, () => {
        beforeAll(() => ensureBucket(layout.bucket));
        describeCheckpointStore(name, {
          open: (namespace, options) => openNamespace(namespace, layout, options),
          worker: { module: new URL("conformance-worker.ts", import.meta.url), argument: layout },
          secrets: [credentials.secretAccessKey],
        });
      });
    }
  }
});
