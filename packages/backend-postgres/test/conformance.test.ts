import { randomUUID } from "node:crypto";

import { describeCheckpointStore } from "@holdpoint/conformance";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, describe } from "vitest";

import { createPostgresStore } from "../src/index.ts";
import { PostgresTable } from "../src/postgres-table.ts";
import { openNamespace } from "./conformance-worker.ts";
import { pgbouncer, postgres } from "./test-server.ts";

const worker = new URL("./conformance-worker.ts", import.meta.url);

describe.skipIf(postgres.isMissing)("a role that may do no more than the README asks for", () => {
  const role = `role-${randomUUID()}`;
  const password = `conformance-${randomUUID()}`;
  const table = new PostgresTable("public", `table-${randomUUID()}`);
  const url = new URL(postgres.url);
  url.username = role;
  url.password = password;
  url.searchParams.set("table", table.name);
  const place = { url: url.href, prefix: `${randomUUID()}\\` };
  const admin = new Client({ connectionString: postgres.url });

  beforeAll(async () => {
    await admin.connect();
    await admin.query(table.create);
    await admin.query(`CREATE ROLE "${role}" LOGIN PASSWORD '${password}'`);
    await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table.quoted} TO "${role}"`);
  });
  afterAll(async () => {
    await admin.end();
  });
  describeCheckpointStore("postgres", {
    open: (namespace, options) => openNamespace(namespace, place, options),
    worker: { module: worker, argument: place },
    faults: {
      target: url.href,
      protocol: "postgres",
      open: (namespace, address, options) => openNamespace(namespace, { ...place, url: address }, options),
      worker: (address) => ({ module: worker, argument: { ...place, url: address } }),
    },
    secrets: [password],
  });
});

describe.skipIf(postgres.isMissing)("a schema and a table of one's own for each namespace, and no prefix", () => {
  describeCheckpointStore(
    "postgres (no prefix)",
    {
      open: async (namespace, options) => {
        const url = new URL(postgres.url);
        url.searchParams.set("schema", `Schema "${namespace}"`);
        url.searchParams.set("table", `Table "${namespace}"`);
        return await openNamespace("", { url: url.href, prefix: "" }, options);
      },
    },
    { groups: ["keys", "listing", "conditions", "ttl"] },
  );
});

describe.skipIf(pgbouncer.isMissing)("behind PgBouncer in transaction mode", () => {
  const place = { url: pgbouncer.url, prefix: `${randomUUID()}/` };
  describeCheckpointStore("postgres (pgbouncer)", {
    open: (namespace, options) => openNamespace(namespace, place, options),
    worker: { module: worker, argument: place },
    faults: {
      target: pgbouncer.url,
      protocol: "postgres",
      open: (namespace, address, options) => openNamespace(namespace, { ...place, url: address }, options),
      worker: (address) => ({ module: worker, argument: { ...place, url: address } }),
    },
    secrets: ["test-password"],
  });
});

describe.skipIf(postgres.isMissing)("a pool that was handed in, with settings that get in the way", () => {
  const pools: Pool[] = [];
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
  });
  describeCheckpointStore(
    "postgres (pool)",
    {
      open: async (namespace, options) => {
        const pool = new Pool({
          connectionString: postgres.url,
          max: 3,
          options:
            "-c bytea_output=escape -c DateStyle=German -c timezone=Asia/Kathmandu -c default_transaction_isolation=serializable",
        });
        pools.push(pool);
        return await createPostgresStore({ ...options, client: pool, prefix: `${namespace}/` });
      },
    },
    { groups: ["round trips", "bytes", "keys", "conditions", "listing", "ttl", "cancellation", "lifecycle", "errors"] },
  );
});

describe.skipIf(postgres.isMissing)("a client that was handed in", () => {
  const clients: Client[] = [];
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end()));
  });
  describeCheckpointStore(
    "postgres (client)",
    {
      open: async (namespace, options) => {
        const client = new Client({ connectionString: postgres.url });
        await client.connect();
        clients.push(client);
        return await createPostgresStore({ ...options, client, prefix: `${namespace}/` });
      },
    },
    { groups: ["round trips", "bytes", "keys", "conditions", "listing", "ttl", "cancellation", "lifecycle", "errors"] },
  );
});
