import { randomUUID } from "node:crypto";

import { describeCheckpointStore } from "@holdpoint/conformance";
import { startServer } from "@holdpoint/test-servers";
import { afterAll, beforeAll, describe } from "vitest";

import { openNamespace } from "./conformance-worker.ts";
import { inspector } from "./test-server.ts";

const worker = new URL("./conformance-worker.ts", import.meta.url);
const [master, replica] = await Promise.all([startServer("redis", { own: true }), startServer("redis", { own: true })]);

describe.skipIf(master.kind === "missing" || replica.kind === "missing")("a master with a replica", () => {
  if (master.kind === "missing" || replica.kind === "missing") return;
  const { url } = master;
  const asked = "waitReplicas=1&waitTimeoutMs=2000";
  const place = { url: `${url}?${asked}`, prefix: `${randomUUID()}:` };

  beforeAll(async () => {
    using admin = inspector(url);
    using replicaAdmin = inspector(replica.url);
    await admin.config("SET", "repl-diskless-sync-delay", "0");
    await replicaAdmin.replicaof("127.0.0.1", new URL(url).port);
    while (!(await replicaAdmin.info("replication")).includes("master_link_status:up")) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  afterAll(async () => {
    await Promise.all([master.stop(), replica.stop()]);
  });
  describeCheckpointStore(
    "redis (waitReplicas)",
    {
      open: (namespace, options) => openNamespace(namespace, place, options),
      worker: { module: worker, argument: place },
      faults: {
        target: url,
        protocol: "redis",
        open: (namespace, through, options) =>
          openNamespace(namespace, { ...place, url: `${through}?${asked}` }, options),
        worker: (through) => ({ module: worker, argument: { ...place, url: `${through}?${asked}` } }),
      },
    },
    { groups: ["round trips", "conditions", "ttl", "errors", "faults"] },
  );
});
