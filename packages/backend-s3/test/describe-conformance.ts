import { randomUUID } from "node:crypto";

import { describeCheckpointStore } from "@holdpoint/conformance";
import type { ConformanceHarness } from "@holdpoint/conformance";
import { beforeAll, describe } from "vitest";

import { ensureBucket, openNamespace } from "./conformance-worker.ts";
import type { Layout } from "./conformance-worker.ts";
import { credentials, minio } from "./test-server.ts";

const withoutKeys = ["round trips", "bytes", "conditions", "races", "listing", "errors"] as const;

/** Runs the conformance suite on one of the clients, in buckets without a prefix and under a prefix. */
export function describeConformance(client: Layout["client"]): void {
  for (const namespaceIs of ["bucket", "prefix", "connector's prefix"] as const) {
    const layout: Layout = { client, namespaceIs, bucket: `hp-${randomUUID().slice(0, 8)}` };
    describe.skipIf(minio.isMissing)(`a namespace is a ${namespaceIs}`, () => {
      beforeAll(() => ensureBucket(layout.bucket));
      const harness: ConformanceHarness = {
        open: (namespace, options) => openNamespace(namespace, layout, options),
        worker: { module: new URL("conformance-worker.ts", import.meta.url), argument: layout },
        secrets: [credentials.secretAccessKey],
      };
      // Under a connector's names, MinIO leaves "a/b" out of listings where there is an object "a".
      const groups = namespaceIs === "connector's prefix" ? { groups: withoutKeys } : {};
      describeCheckpointStore(namespaceIs === "bucket" ? client : `${client} (${namespaceIs})`, harness, groups);
    });
  }
}
