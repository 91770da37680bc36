import { randomUUID } from "node:crypto";

import type { StoreFinding } from "@holdpoint/core";
import { expect, test } from "vitest";

import { createPostgresStore } from "../src/index.ts";
import { parsePostgresUrl } from "../src/postgres-options.ts";
import type { PostgresStoreOptions } from "../src/postgres-options.ts";
import { inspector, ownServer, pgbouncer, postgres } from "./test-server.ts";

async function inspect(url: string, options: PostgresStoreOptions = {}): Promise<readonly StoreFinding[]> {
  await using store = await createPostgresStore({ ...parsePostgresUrl(new URL(url), {}), ...options });
  return (await store.inspect?.()) ?? [];
}

function levels(findings: readonly StoreFinding[]): readonly string[] {
  return findings.map(({ subject, level }) => `${subject}: ${level}`);
}

test.skipIf(postgres.isMissing)("the tests' server, whose data is not worth a sync", async () => {
  expect(levels(await inspect(postgres.url))).toEqual([
    "durability: problem",
    "replication: ok",
    "role: ok",
    "bloat: ok",
  ]);
});

test.skipIf(postgres.isMissing)("a server that keeps what it acknowledges, and one that does not", async (context) => {
  await using server = await ownServer(context);
  await using admin = await inspector(server.url);
  const configure = async (setting: string): Promise<void> => {
    await admin.query(`ALTER SYSTEM SET ${setting}`);
    await admin.query("SELECT pg_reload_conf()");
    const [name] = setting.split(" = ");
    const value = /'(.*)'/u.exec(setting)?.[1];
    await expect
      .poll(async () => {
        await using fresh = await inspector(server.url);
        return (await fresh.query<Record<string, string>>(`SHOW ${name}`)).rows[0]?.[name ?? ""];
      })
      .toBe(value);
  };
  // The command line of the tests' server says off, and wins: so this one is told per session.
  const sync = { serverOptions: "-c synchronous_commit=off" };
  expect((await inspect(server.url, sync)).map(({ found }) => found)).toEqual(
    expect.arrayContaining(["fsync is off", "synchronous_commit is off"]),
  );
  await configure("autovacuum = 'off'");
  await configure("default_transaction_read_only = 'on'");
  const findings = await inspect(server.url, { create: false });
  expect(levels(findings)).toEqual(expect.arrayContaining(["read only: problem", "autovacuum: warning"]));
});

test.skipIf(postgres.isMissing)("a role that may read alone, and is not told of standbys", async () => {
  await using admin = await inspector();
  await inspect(postgres.url);
  const url = new URL(postgres.url);
  url.username = `reader-${randomUUID()}`;
  await admin.query(`CREATE ROLE "${url.username}" LOGIN PASSWORD 'test-password'`);
  await admin.query(`GRANT SELECT ON public.holdpoint_checkpoints TO "${url.username}"`);
  const findings = await inspect(url.href);
  expect(levels(findings)).toEqual(expect.arrayContaining(["replication: unknown", "role: problem"]));
  expect(findings.find(({ subject }) => subject === "role")?.remedy).toContain("GRANT INSERT, UPDATE, DELETE ON");
});

test.skipIf(postgres.isMissing)("a table with a trigger, and with autovacuum off", async () => {
  await using admin = await inspector();
  const table = `table-${randomUUID()}`;
  await inspect(postgres.url, { table });
  await admin.query(`ALTER TABLE "${table}" SET (autovacuum_enabled = false)`);
  await admin.query(
    `CREATE TRIGGER "no change" BEFORE UPDATE ON "${table}" FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
  );
  const findings = await inspect(postgres.url, { table });
  expect(levels(findings)).toEqual(expect.arrayContaining(["bloat: warning", "triggers: warning"]));
  expect(findings.find(({ subject }) => subject === "triggers")?.found).toContain('"no change"');
});

test.skipIf(pgbouncer.isMissing)("a server behind PgBouncer", async () => {
  expect(levels(await inspect(pgbouncer.url))).toContain("role: ok");
});
