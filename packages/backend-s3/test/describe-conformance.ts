import { randomUUID } from "node:crypto";

import { describeCheckpointStore } from "@holdpoint/conformance";
import { beforeAll, describe } from "vitest";

import { ensureBucket, openNamespace } from "./conformance-worker.ts";
import type { Layout } from "./conformance-worker.ts";
import { credentials, minio } from "./test-server.ts";

/** Runs the conformance suite on one of the clients, in buckets without a prefix and under a prefix. */
export function describeConformance(client: Layout["client"]): void {
  for (const namespaceIs of ["bucket", "prefix"] as const) {
    const layout: Layout = { client, namespaceIs, bucket: `hp-${randomUUID().slice(0, 8)}` };
    describe.skipIf(minio.isMissing)(`a namespace is a ${namespaceIs}`, () => {
      beforeAll(() => ensureBucket(layout.bucket));
      describeCheckpointStore(namespaceIs === "bucket" ? client : `${client} (prefix)`, {
        open: (namespace, options) => openNamespace(namespace, layout, options),
        worker: { module: new URL("conformance-worker.ts", import.meta.url), argument: layout },
        secrets: [credentials.secretAccessKey],
      });
    });
  }
}
