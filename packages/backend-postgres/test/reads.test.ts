import { randomBytes, randomUUID } from "node:crypto";

import type { CheckpointStore } from "@holdpoint/core";
import { startCountingProxy } from "@holdpoint/test-servers";
import { describe, expect, onTestFinished, test } from "vitest";

import { createPostgresStore } from "../src/index.ts";
import { parsePostgresUrl } from "../src/postgres-options.ts";
import type { PostgresStoreOptions } from "../src/postgres-options.ts";
import { inspector, postgres } from "./test-server.ts";

const kib = 1_024;

/** A store with a prefix of its own, and how many statements it has sent since the last question. */
async function openCounted(
  options: PostgresStoreOptions = {},
): Promise<{ readonly store: CheckpointStore; readonly statements: () => number }> {
  const proxy = await startCountingProxy({ target: postgres.url, protocol: "postgres" });
  const store = await createPostgresStore({
    ...parsePostgresUrl(new URL(proxy.url), {}),
    maxAttempts: 1,
    prefix: `${randomUUID()}/`,
    ...options,
  });
  onTestFinished(async () => {
    await store.close();
    await proxy[Symbol.asyncDispose]();
  });
  const statements = (): number => {
    const count = proxy.count();
    proxy.reset();
    return count;
  };
  return { store, statements };
}

describe.skipIf(postgres.isMissing)("reads that are asked for together", () => {
  test("are one statement, which gives each its own", async () => {
    const { store, statements } = await openCounted();
    const keys = ["a", 'quoted "\\', "ünï", "{,}", "NULL", "zero\0byte"];
    for (const key of keys) await store.put(key, Buffer.from(`body of ${key}`));
    statements();
    const wanted = [...keys, "missing", "a"];
    const found = await Promise.all(wanted.map((key) => store.get(key)));
    expect(statements()).toBe(1);
    expect(found.map((checkpoint) => checkpoint && Buffer.from(checkpoint.body).toString())).toEqual([
      ...keys.map((key) => `body of ${key}`),
      null,
      "body of a",
    ]);
    for (const checkpoint of found) expect(checkpoint).toEqual(checkpoint && (await store.get(checkpoint.key)));
    // Each reader's bytes are its own.
    found[0]?.body.fill(0);
    expect(Buffer.from(found.at(-1)?.body ?? []).toString()).toBe("body of a");
  });

  test("are one statement each where a body is large, and say the size of what is not wanted", async () => {
    const { store, statements } = await openCounted();
    const large = randomBytes(300 * kib);
    await store.put("large", large);
    const { version } = await store.put("small", Buffer.from("small"));
    statements();
    const [whole, small, unwanted, empty] = await Promise.allSettled([
      store.get("large"),
      store.get("small", { maxBytes: 5 }),
      store.get("large", { maxBytes: 300 * kib - 1 }),
      store.get("small", { maxBytes: 0 }),
    ]);
    expect(statements()).toBe(2);
    expect(whole).toMatchObject({ status: "fulfilled", value: { key: "large" } });
    expect(Buffer.from((whole as PromiseFulfilledResult<{ body: Uint8Array }>).value.body).equals(large)).toBe(true);
    expect(small).toMatchObject({ status: "fulfilled", value: { body: new Uint8Array(Buffer.from("small")) } });
    expect(unwanted).toMatchObject({ reason: { code: "too-large", sizeBytes: 300 * kib } });
    expect(empty).toMatchObject({ reason: { code: "too-large", sizeBytes: 5, version } });
  });

  test("do not fail with one of them, of which the server cannot read the row", async ({ skip }) => {
    const schema = `schema-${randomUUID()}`;
    const { store } = await openCounted({ schema });
    await using admin = await inspector();
    onTestFinished(async () => {
      await using dropper = await inspector();
      await dropper.query(`DROP SCHEMA "${schema}" CASCADE`);
    });
    const available = await admin.query("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_surgery'");
    skip(available.rowCount === 0, "the server comes without contrib/pg_surgery, by which a row is damaged");
    await admin.query("CREATE EXTENSION IF NOT EXISTS pg_surgery");
    for (const key of ["whole", "damaged"]) await store.put(key, randomBytes(20 * kib));
    const { rows } = await admin.query<{ readonly parts: string }>(
      "SELECT reltoastrelid::regclass::text AS parts FROM pg_class WHERE oid = $1::regclass",
      [`"${schema}".holdpoint_checkpoints`],
    );
    const parts = rows[0]?.parts ?? "";
    // Of what was written last.
    const places = await admin.query<{ readonly place: string }>(
      `SELECT ctid::text AS place FROM ${parts} WHERE chunk_id = (SELECT max(chunk_id) FROM ${parts})`,
    );
    await admin.query("SELECT heap_force_kill($1::regclass, $2::tid[])", [
      parts,
      places.rows.map(({ place }) => place),
    ]);
    const [whole, damaged, missing] = await Promise.allSettled(
      ["whole", "damaged", "missing"].map((key) => store.get(key)),
    );
    expect(whole).toMatchObject({ status: "fulfilled", value: { key: "whole" } });
    expect(damaged).toMatchObject({ status: "rejected", reason: { key: "damaged" } });
    expect(missing).toMatchObject({ status: "fulfilled", value: null });
  });

  test("go on when some are given up, and the server stops when all are", async () => {
    const { store } = await openCounted();
    await using admin = await inspector();
    await store.put("one", Buffer.from("one"));
    await store.put("two", Buffer.from("two"));
    const waiting = async (): Promise<number> => {
      const { rowCount } = await admin.query(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%holdpoint_checkpoints%'",
      );
      return rowCount ?? 0;
    };
    await using locker = await inspector();
    const lock = async (): Promise<void> => {
      await locker.query("BEGIN");
      await locker.query("LOCK TABLE public.holdpoint_checkpoints");
    };

    await lock();
    const first = new AbortController();
    const second = new AbortController();
    const given = [store.get("one", { signal: first.signal }), store.get("two", { signal: second.signal })] as const;
    await expect.poll(waiting).toBe(1);
    first.abort();
    await expect(given[0]).rejects.toMatchObject({ code: "aborted" });
    await locker.query("COMMIT");
    expect(await given[1]).toMatchObject({ key: "two" });

    await lock();
    const both = ["one", "two"].map((key) => store.get(key, { signal: second.signal }));
    await expect.poll(waiting).toBe(1);
    second.abort();
    for (const ended of await Promise.allSettled(both)) expect(ended).toMatchObject({ reason: { code: "aborted" } });
    await expect.poll(waiting).toBe(0);
    await locker.query("COMMIT");
  });
});
