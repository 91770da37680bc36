import { randomUUID } from "node:crypto";

import { describeCheckpointStore } from "@holdpoint/conformance";
import { Cluster, Redis } from "ioredis";
import { afterAll, beforeAll, describe } from "vitest";

import { createRedisStore } from "../src/index.ts";
import { openNamespace } from "./conformance-worker.ts";
import { cluster, documentedClusterPermissions, documentedPermissions, inspector, redis } from "./test-server.ts";

const worker = new URL("./conformance-worker.ts", import.meta.url);

describe.skipIf(redis.isMissing)("a single server, as a user who may do no more than the README asks for", () => {
  const prefix = `${randomUUID()}:`;
  const password = `conformance-${randomUUID()}`;
  const url = new URL(redis.url);
  url.username = prefix.slice(0, -1);
  url.password = password;
  const place = { url: url.href, prefix };
  const admin = inspector();

  beforeAll(async () => {
    await admin.acl("SETUSER", url.username, "on", `>${password}`, `~${prefix}*`, ...documentedPermissions);
  });
  afterAll(async () => {
    await admin.acl("DELUSER", url.username);
    await admin.quit();
  });
  describeCheckpointStore("redis", {
    open: (namespace, options) => openNamespace(namespace, place, options),
    worker: { module: worker, argument: place },
    corrupt: async (namespace, key) => {
      await admin.set(`${prefix}${namespace}/${key}`, "holdpoint1 damaged");
    },
    secrets: [password],
  });
});

describe.skipIf(cluster.isMissing)(
  "a cluster of three masters, as a user who may do no more than the README asks for",
  () => {
    const prefix = `${randomUUID()}:`;
    const password = `conformance-${randomUUID()}`;
    const url = new URL(cluster.url);
    const admin = new Cluster([{ host: url.hostname, port: Number(url.port) }], { lazyConnect: true });
    url.username = prefix.slice(0, -1);
    url.password = password;
    url.searchParams.set("cluster", "true");
    const place = { url: url.href, prefix };
    const permissions = [...documentedPermissions, ...documentedClusterPermissions];

    beforeAll(async () => {
      await admin.connect();
      // Users are each node's own.
      for (const node of admin.nodes("master")) {
        await node.acl("SETUSER", url.username, "on", `>${password}`, `~${prefix}*`, ...permissions);
      }
    });
    afterAll(async () => {
      for (const node of admin.nodes("master")) await node.acl("DELUSER", url.username);
      await admin.quit();
    });
    describeCheckpointStore("redis cluster", {
      open: (namespace, options) => openNamespace(namespace, place, options),
      worker: { module: worker, argument: place },
      corrupt: async (namespace, key) => {
        await admin.set(`${prefix}${namespace}/${key}`, "holdpoint1 damaged");
      },
      secrets: [password],
    });
  },
);

describe.skipIf(redis.isMissing)("a client that was handed in, with settings that get in the way", () => {
  const clients: Redis[] = [];
  const keyPrefix = `${randomUUID()}*?[a]:`;

  afterAll(() => {
    for (const client of clients) client.disconnect();
  });
  describeCheckpointStore(
    "redis (client)",
    {
      open: async (namespace, options) => {
        const client = new Redis(redis.url, {
          keyPrefix,
          enableAutoPipelining: true,
          stringNumbers: true,
          replyMapping: "resp3",
        });
        clients.push(client);
        return await createRedisStore({ ...options, client, prefix: `${namespace}/` });
      },
    },
    { groups: ["round trips", "bytes", "keys", "conditions", "listing", "ttl", "cancellation", "lifecycle", "errors"] },
  );
});
