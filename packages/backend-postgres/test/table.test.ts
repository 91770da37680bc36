import { randomUUID } from "node:crypto";

import { expect, onTestFinished, test } from "vitest";

import { createPostgresStore } from "../src/index.ts";
import { parsePostgresUrl } from "../src/postgres-options.ts";
import type { PostgresStoreOptions } from "../src/postgres-options.ts";
import { PostgresTable } from "../src/postgres-table.ts";
import type { DisposableClient } from "./test-server.ts";
import { inspector, postgres } from "./test-server.ts";

/** A schema of a test's own, which is dropped when it ends. */
async function ownSchema(): Promise<{ readonly admin: DisposableClient; readonly schema: string }> {
  const schema = `schema-${randomUUID()}`;
  const admin = await inspector();
  onTestFinished(async () => {
    await admin.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
    await admin[Symbol.asyncDispose]();
  });
  return { admin, schema };
}

function optionsFor(schema: string, options: PostgresStoreOptions = {}): PostgresStoreOptions {
  return { ...parsePostgresUrl(new URL(postgres.url), {}), schema, ...options };
}

test.skipIf(postgres.isMissing)(
  "eight that open at once make one table, and all can write",
  { timeout: 60_000 },
  async () => {
    const { admin } = await ownSchema();
    for (let round = 0; round < 10; round += 1) {
      const schema = `schema-${randomUUID()}`;
      try {
        const stores = await Promise.all(Array.from({ length: 8 }, () => createPostgresStore(optionsFor(schema))));
        await Promise.all(stores.map((store, index) => store.put(`key-${index}`, new Uint8Array([index]))));
        const { rows } = await admin.query(`SELECT key FROM "${schema}".holdpoint_checkpoints`);
        expect(rows).toHaveLength(8);
        await Promise.all(stores.map((store) => store.close()));
      } finally {
        await admin.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
      }
    }
  },
);

test.skipIf(postgres.isMissing)("what is over is gone from the table after a listing, and only that", async () => {
  const { admin, schema } = await ownSchema();
  const writer = await createPostgresStore(optionsFor(schema));
  await Promise.all([
    ...Array.from({ length: 50 }, (_, index) => writer.put(`short-${index}`, new Uint8Array(1), { ttlMs: 1 })),
    writer.put("long", new Uint8Array(1), { ttlMs: 3_600_000 }),
    writer.put("for-ever", new Uint8Array(1)),
  ]);
  const keys = async (): Promise<readonly string[]> => {
    const { rows } = await admin.query<{ readonly key: string }>(`SELECT key FROM "${schema}".holdpoint_checkpoints`);
    return rows.map(({ key }) => key).toSorted();
  };
  await expect.poll(async () => await writer.get("short-0")).toBeNull();
  expect(await keys()).toHaveLength(52);

  await using reader = await createPostgresStore(optionsFor(schema, { access: "read" }));
  expect(await Array.fromAsync(reader.list())).toHaveLength(2);
  await reader.close();
  expect(await keys()).toHaveLength(52);

  expect(await Array.fromAsync(writer.list())).toHaveLength(2);
  await writer.close();
  expect(await keys()).toEqual(["for-ever", "long"]);
});

const columns = new PostgresTable("x", "x").create.replaceAll(/^[^(]*\(|\);[^]*$/gu, "");

test.skipIf(postgres.isMissing).each([
  ["a view", (name: string) => `CREATE VIEW ${name} AS SELECT 1 AS key`, "it is a view"],
  ["an unlogged table", (name: string) => `CREATE UNLOGGED TABLE ${name} (${columns})`, "it is UNLOGGED"],
  ["one without a column", (name: string) => `CREATE TABLE ${name} (key text PRIMARY KEY)`, "it has no column version"],
  [
    "one whose column has another type",
    (name: string) => `CREATE TABLE ${name} (${columns.replace("body bytea", "body text")})`,
    "its column body is of type text, not bytea",
  ],
  [
    "one that wants more",
    (name: string) => `CREATE TABLE ${name} (tenant text NOT NULL, ${columns})`,
    'its column "tenant" must not be null',
  ],
  [
    "one whose keys are sorted by a language",
    (name: string) => `CREATE TABLE ${name} (${columns.replace('COLLATE "C"', 'COLLATE "en-x-icu"')})`,
    'its column key has the collation "en-x-icu"',
  ],
  [
    "one that can hold a key twice",
    (name: string) => `CREATE TABLE ${name} (${columns.replace(/,\s*PRIMARY KEY.*/u, "")})`,
    "no primary key or unique index is on the column key alone",
  ],
  [
    "one whose primary key is longer",
    (name: string) => `CREATE TABLE ${name} (${columns.replace(/PRIMARY KEY.*/u, "PRIMARY KEY (key, version)")})`,
    "no primary key or unique index is on the column key alone",
  ],
])("%s is refused, and says why", async (_kind, create, problem) => {
  const { admin, schema } = await ownSchema();
  await admin.query(`CREATE SCHEMA "${schema}"`);
  await admin.query(create(`"${schema}".holdpoint_checkpoints`));
  await expect(createPostgresStore(optionsFor(schema))).rejects.toMatchObject({
    code: "unsupported",
    retryable: false,
    message: expect.stringContaining(problem) as string,
  });
});

test.skipIf(postgres.isMissing)("rows that a policy hides are not taken for rows that are not there", async () => {
  const { admin, schema } = await ownSchema();
  const role = `role-${randomUUID()}`;
  await using store = await createPostgresStore(optionsFor(schema));
  await store.put("key", new Uint8Array(1));
  await admin.query(`CREATE ROLE "${role}" LOGIN PASSWORD 'its-password'`);
  onTestFinished(async () => {
    await using cleaner = await inspector();
    await cleaner.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`);
  });
  await admin.query(`GRANT USAGE ON SCHEMA "${schema}" TO "${role}"`);
  await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON "${schema}".holdpoint_checkpoints TO "${role}"`);
  await admin.query(`ALTER TABLE "${schema}".holdpoint_checkpoints ENABLE ROW LEVEL SECURITY`);
  const options = optionsFor(schema, { username: role, password: "its-password" });
  await expect(createPostgresStore(options)).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("row-level security hides rows") as string,
  });
});

test.skipIf(postgres.isMissing)(
  "a page of a listing costs the same with a million rows",
  { timeout: 120_000 },
  async () => {
    const { admin, schema } = await ownSchema();
    await (await createPostgresStore(optionsFor(schema))).close();
    const table = new PostgresTable(schema, "holdpoint_checkpoints");
    const pageBuffers = async (): Promise<number> => {
      await admin.query(`VACUUM (ANALYZE) ${table.quoted}`);
      const { rows } = await admin.query<{ readonly "QUERY PLAN": readonly [{ readonly Plan: QueryPlan }] }>({
        text: `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${table.list({ isAfter: true, hasEnd: true, versions: false })}`,
        values: ["paused/task-0005", "1000", "paused0"],
      });
      const plan = rows[0]?.["QUERY PLAN"][0].Plan;
      expect(JSON.stringify(plan)).toContain('"Node Type":"Index Only Scan"');
      expect(JSON.stringify(plan)).not.toMatch(/"Node Type":"(?:Sort|Seq Scan|Bitmap[^"]*)"/u);
      return (plan?.["Shared Hit Blocks"] ?? 0) + (plan?.["Shared Read Blocks"] ?? 0);
    };
    const insert = async (from: number, to: number): Promise<void> => {
      await admin.query(`INSERT INTO ${table.quoted} (key, version, write_id, modified_at, body)
      SELECT 'paused/task-' || lpad(n::text, 7, '0'), gen_random_uuid(), 'w', now(), '{}'::bytea
      FROM generate_series(${from}, ${to}) AS n`);
    };
    await insert(1, 10_000);
    const few = await pageBuffers();
    await insert(10_001, 1_000_000);
    const many = await pageBuffers();
    expect(few).toBeGreaterThan(0);
    // The index is one level deeper.
    expect(many).toBeLessThanOrEqual(few + 4);
  },
);

interface QueryPlan {
  readonly "Shared Hit Blocks": number;
  readonly "Shared Read Blocks": number;
}
