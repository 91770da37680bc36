import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";

import { startFaultProxy } from "@holdpoint/conformance";
import type { CheckpointStore } from "@holdpoint/core";
import { Pool } from "pg";
import type { Client } from "pg";
import { describe, expect, onTestFinished, test } from "vitest";

import { createPostgresStore } from "../src/index.ts";
import { classifyPostgresError } from "../src/postgres-error.ts";
import { parsePostgresUrl } from "../src/postgres-options.ts";
import type { PostgresStoreOptions } from "../src/postgres-options.ts";
import { PostgresPools } from "../src/postgres-pools.ts";
import { encryptionsOf } from "../src/postgres-tls.ts";
import type { DisposableClient } from "./test-server.ts";
import { inspector, ownServer, pgbouncer, postgres } from "./test-server.ts";

const body = new TextEncoder().encode("body");

function optionsFor(url: string, options: PostgresStoreOptions = {}): PostgresStoreOptions {
  return { ...parsePostgresUrl(new URL(url), {}), prefix: `${randomUUID()}/`, ...options };
}

async function open(url: string, options: PostgresStoreOptions = {}): Promise<CheckpointStore> {
  return await createPostgresStore(optionsFor(url, options));
}

/** A role of its own, and the URL with it. */
async function createRole(admin: DisposableClient, attributes: string): Promise<URL> {
  const url = new URL(postgres.url);
  url.username = `role-${randomUUID()}`;
  url.password = "its-password";
  await admin.query(`CREATE ROLE "${url.username}" LOGIN PASSWORD 'its-password' ${attributes}`);
  await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON public.holdpoint_checkpoints TO "${url.username}"`);
  return url;
}

/** Holds the lock of a key's row until it is released. */
async function lockRow(store: CheckpointStore): Promise<DisposableClient> {
  await store.put("locked", body);
  const holder = await inspector();
  onTestFinished(async () => await holder[Symbol.asyncDispose]());
  await holder.query("BEGIN");
  const prefix = new URL(store.location).searchParams.get("prefix") ?? "";
  await holder.query("SELECT 1 FROM public.holdpoint_checkpoints WHERE key = $1 FOR UPDATE", [`${prefix}locked`]);
  return holder;
}

/** Kills the server's process that waits for a lock, upon which the server ends all others and starts again. */
async function crashWaitingBackend(url: string): Promise<void> {
  await using killer = await inspector(url);
  const waiting = async (): Promise<number | undefined> => {
    const { rows } = await killer.query<{ readonly pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%holdpoint_checkpoints%'",
    );
    return rows[0]?.pid;
  };
  await expect.poll(waiting).toBeDefined();
  await killer.query(`COPY (SELECT) TO PROGRAM 'kill -9 ${await waiting()}'`).catch(() => undefined);
}

const single = { maxAttempts: 1 };

describe.skipIf(postgres.isMissing)("what the server says", () => {
  test("statement_timeout: timeout, and certainly not applied", async () => {
    await using store = await open(postgres.url, { ...single, serverOptions: "-c statement_timeout=300ms" });
    const holder = await lockRow(store);
    await expect(store.put("locked", body)).rejects.toMatchObject({
      code: "timeout",
      retryable: true,
      outcome: "not-applied",
      message: expect.stringMatching(/57014.*statement timeout/u) as string,
    });
    await holder.query("COMMIT");
    await store.put("locked", body);
  });

  test("lock_timeout: unavailable, and certainly not applied", async () => {
    await using store = await open(postgres.url, { ...single, serverOptions: "-c lock_timeout=300ms" });
    await lockRow(store);
    await expect(store.put("locked", body)).rejects.toMatchObject({
      code: "unavailable",
      retryable: true,
      outcome: "not-applied",
      message: expect.stringContaining("55P03") as string,
    });
  });

  test("a serialisation failure is tried again, and is no conflict", async () => {
    const serverOptions = "-c default_transaction_isolation=serializable";
    await using store = await open(postgres.url, { ...single, serverOptions });
    const writeMeanwhile = async (target: CheckpointStore): Promise<unknown> => {
      const holder = await lockRow(store);
      const prefix = new URL(store.location).searchParams.get("prefix") ?? "";
      await holder.query("UPDATE public.holdpoint_checkpoints SET body = body WHERE key = $1", [`${prefix}locked`]);
      const writing = target.put("locked", body).catch((error: unknown) => error);
      await untilWaiting(holder);
      await holder.query("COMMIT");
      return await writing;
    };
    expect(await writeMeanwhile(store)).toMatchObject({
      code: "unavailable",
      retryable: true,
      outcome: "not-applied",
      message: expect.stringContaining("40001") as string,
    });
    const prefix = new URL(store.location).searchParams.get("prefix") ?? "";
    await using patient = await open(postgres.url, { serverOptions, prefix });
    expect(await writeMeanwhile(patient)).toMatchObject({ version: expect.any(String) as string });
  });

  test("a deadlock is one that may be tried again", async () => {
    await using first = await inspector();
    await using second = await inspector();
    const keys = [randomUUID(), randomUUID()];
    await using store = await open(postgres.url, { prefix: "" });
    for (const key of keys) await store.put(key, body);
    for (const client of [first, second]) await client.query("BEGIN");
    const lock = "SELECT 1 FROM public.holdpoint_checkpoints WHERE key = $1 FOR UPDATE";
    await first.query(lock, [keys[0]]);
    await second.query(lock, [keys[1]]);
    const outcomes = await Promise.allSettled([first.query(lock, [keys[1]]), second.query(lock, [keys[0]])]);
    const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    expect(failures.map(classifyPostgresError)).toEqual([
      expect.objectContaining({ code: "unavailable", retryable: true, outcome: "not-applied" }),
    ]);
  });

  test("idle_in_transaction_session_timeout: unavailable; the store goes on where a pool is behind it", async () => {
    const pool = new Pool({
      connectionString: postgres.url,
      max: 1,
      options: "-c idle_in_transaction_session_timeout=200ms",
    });
    const errors: unknown[] = [];
    pool.on("error", (error) => errors.push(error));
    onTestFinished(async () => await pool.end());
    const careless = await pool.connect();
    careless.on("error", (error) => errors.push(error));
    await careless.query("BEGIN");
    await expect.poll(() => errors.length).toBeGreaterThan(0);
    careless.release();
    expect(classifyPostgresError(errors[0])).toMatchObject({
      code: "unavailable",
      retryable: true,
      outcome: "not-applied",
      message: expect.stringContaining("25P03") as string,
    });
    await using store = await createPostgresStore({ client: pool, prefix: `${randomUUID()}/` });
    await store.put("key", body);
  });

  test("idle_session_timeout ends connections in the pool, which nobody notices", async () => {
    await using store = await open(postgres.url, { serverOptions: "-c idle_session_timeout=100ms" });
    await store.put("key", body);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await store.put("key", body);
    expect((await store.get("key"))?.body).toEqual(body);
  });

  test("too many connections: unavailable, and tried again until there is room", async () => {
    await using admin = await inspector();
    await (await open(postgres.url)).close();
    const url = await createRole(admin, "CONNECTION LIMIT 1");
    const greedy = await inspector(url.href);
    onTestFinished(async () => await greedy[Symbol.asyncDispose]());
    await expect(open(url.href, single)).rejects.toMatchObject({
      code: "unavailable",
      retryable: true,
      message: expect.stringMatching(/too many connections.*53300/u) as string,
    });
    const opening = open(url.href);
    await greedy.end();
    await (await opening).close();
  });

  test("a connection that an administrator ends is replaced, and the write settled", async () => {
    await using admin = await inspector();
    const applicationName = `ended-${randomUUID()}`;
    await using store = await open(postgres.url, { applicationName });
    const holder = await lockRow(store);
    const writing = store.put("locked", new TextEncoder().encode("new"));
    await untilWaiting(holder);
    await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", [
      applicationName,
    ]);
    await holder.query("COMMIT");
    await writing;
    expect(new TextDecoder().decode((await store.get("locked"))?.body)).toBe("new");
  });

  test("a role that may not: permission-denied, with what it needs", async () => {
    await using admin = await inspector();
    await (await open(postgres.url)).close();
    const url = await createRole(admin, "");
    await admin.query(`REVOKE INSERT ON public.holdpoint_checkpoints FROM "${url.username}"`);
    await using store = await open(url.href);
    await expect(store.put("key", body)).rejects.toMatchObject({
      code: "permission-denied",
      outcome: "not-applied",
      message: expect.stringMatching(/42501.*Grant/u) as string,
    });
    await expect(open(url.href, { table: `t-${randomUUID()}` })).rejects.toMatchObject({
      code: "permission-denied",
      message: expect.stringMatching(/may not create it.*CREATE TABLE "public"\."t-/u) as string,
    });
  });

  test.each([
    ["another password", { password: "wrong-secret" }, "permission-denied", /28P01.*Check user/u],
    ["another user", { username: "nobody-here" }, "permission-denied", /28P01|28000/u],
    ["another database", { pathname: "/not-here" }, "not-found", /3D000/u],
    ["TLS, which it has not", { search: "?sslmode=require" }, "unsupported", /no TLS/u],
    ["binding, without TLS", { search: "?channel_binding=require" }, "permission-denied", /bind/u],
    [
      "no table",
      { search: "?create=false&table=not-here" },
      "not-found",
      /unless create=false is given; or run: CREATE TABLE/u,
    ],
    ["no schema", { search: "?create=false&schema=not-here" }, "not-found", /CREATE SCHEMA/u],
    ["an option that it does not know", { search: "?options=-c%20no_such=1" }, "unavailable", /42704/u],
  ] as const)("%s", async (_, change, code, message) => {
    const url = new URL(postgres.url);
    Object.assign(url, change);
    const error = await open(url.href).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    for (const secret of ["wrong-secret", "test-password"]) expect(error?.message).not.toContain(secret);
  });

  test("a statement that is given up is canceled at the server", async () => {
    const applicationName = `canceled-${randomUUID()}`;
    await using store = await open(postgres.url, { applicationName });
    const holder = await lockRow(store);
    const controller = new AbortController();
    const writing = store.put("locked", new TextEncoder().encode("late"), { signal: controller.signal });
    await untilWaiting(holder);
    controller.abort();
    await expect(writing).rejects.toMatchObject({ code: "aborted", outcome: "unknown" });
    await expect.poll(async () => await waitersOf(holder)).toBe(0);
    await holder.query("COMMIT");
    expect((await store.get("locked"))?.body).toEqual(body);
  });

  test("a client in a transaction is refused", async () => {
    await using client = await inspector();
    await using store = await createPostgresStore({ client, prefix: `${randomUUID()}/` });
    await client.query("BEGIN");
    await expect(store.put("key", body)).rejects.toMatchObject({
      code: "invalid-argument",
      outcome: "not-applied",
      message: expect.stringContaining("in a transaction") as string,
    });
    await client.query("ROLLBACK");
    await store.put("key", body);
  });

  test("a client whose connection is lost says so, and does not hang", async () => {
    await using admin = await inspector();
    await using client = await inspector();
    await using store = await createPostgresStore({ client, prefix: `${randomUUID()}/`, timeoutMs: 2_000 });
    const { rows } = await client.query<{ readonly pid: number }>("SELECT pg_backend_pid() AS pid");
    const ended = new Promise<void>((resolve) => {
      client.once("end", resolve);
    });
    await admin.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
    await ended;
    await expect(store.put("key", body)).rejects.toMatchObject({ code: "unavailable", outcome: "not-applied" });
  });
});

describe.skipIf(pgbouncer.isMissing)("what PgBouncer says", () => {
  test("a parameter that it does not let pass", async () => {
    const url = new URL(pgbouncer.url);
    url.searchParams.set("options", "-c statement_timeout=5s");
    await expect(open(url.href)).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining("ignore_startup_parameters") as string,
    });
  });

  test("another user", async () => {
    const url = new URL(pgbouncer.url);
    url.username = "nobody-here";
    await expect(open(url.href)).rejects.toMatchObject({ code: "permission-denied" });
  });

  test("a connection of its own that was lost: the read is repeated, the write is in doubt", async (context) => {
    const { url } = await ownServer(context, "pgbouncer");
    await using store = await open(url);
    await store.put("key", body);
    const crashWhile = async <Result>(operation: () => Promise<Result>): Promise<Result> => {
      const holder = await inspector(url);
      await holder.query("BEGIN");
      await holder.query("LOCK TABLE public.holdpoint_checkpoints");
      const answer = operation();
      answer.catch(() => undefined);
      await crashWaitingBackend(url);
      return await answer;
    };
    const read = await crashWhile(async () => await store.get("key"));
    expect(read?.body).toEqual(body);
    await using storeOfOneAttempt = await open(url, single);
    await expect(crashWhile(async () => await storeOfOneAttempt.put("key", body))).rejects.toMatchObject({
      code: "unavailable",
      retryable: true,
      outcome: "unknown",
      message: expect.stringContaining("the pooler has no connection to the server, or has lost it") as string,
    });
  });
});

describe("where no server is", () => {
  test("nothing listens", async () => {
    await expect(open("postgres://u:wrong-secret@127.0.0.1:1/db", { timeoutMs: 500 })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/^(?!.*wrong-secret).*ECONNREFUSED/u) as string,
    });
  });

  test("a name that nobody has", async () => {
    await expect(open("postgres://no-such-host.invalid/db", { maxAttempts: 1 })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/u) as string,
    });
  });

  test("a server that accepts and says nothing", async () => {
    const silent = createServer();
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const url = `postgres://u@127.0.0.1:${(silent.address() as AddressInfo).port}/db`;
    await expect(open(url, { timeoutMs: 900, connectTimeoutMs: 300 })).rejects.toMatchObject({ code: "timeout" });
  });

  test("a server that is no PostgreSQL", async () => {
    const other = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    const url = `postgres://u@127.0.0.1:${(other.address() as AddressInfo).port}/db`;
    await expect(open(url, { timeoutMs: 900 })).rejects.toMatchObject({
      code: expect.stringMatching(/^un/u) as string,
    });
  });
});

test.skipIf(postgres.isMissing)("a server that is away for a while is found again", async () => {
  await using proxy = await startFaultProxy({ target: postgres.url, protocol: "postgres" });
  await using store = await open(proxy.address, { maxAttempts: 100 });
  await store.put("key", body);
  proxy.always("refuse");
  const reading = store.get("key");
  await new Promise((resolve) => setTimeout(resolve, 300));
  await proxy.clear();
  expect((await reading)?.body).toEqual(body);
});

test.skipIf(postgres.isMissing)("many first connections at once find out that the server has no TLS", async () => {
  const options = optionsFor(postgres.url, { sslMode: "prefer", maxConnections: 60 });
  const pools = new PostgresPools(options, await encryptionsOf(options), 10_000);
  const lending: ReturnType<typeof pools.lend>[] = [];
  // One after the other, so that some are just being turned down when the first has found out.
  for (let count = 0; count < 60; count += 1) {
    lending.push(pools.lend());
    await new Promise(setImmediate);
  }
  const lent = await Promise.allSettled(lending);
  for (const each of lent) if (each.status === "fulfilled") each.value.release();
  await pools.close();
  expect(lent.filter(({ status }) => status === "rejected")).toEqual([]);
});

test.skipIf(postgres.isMissing)("a server that is shut down as it lets a client in", async () => {
  const readyForQuery = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
  const fields = Buffer.from("SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0");
  const shutDown = Buffer.concat([Buffer.from([0x45, 0, 0, 0, fields.length + 4]), fields]);
  const { hostname, port } = new URL(postgres.url);
  let shutDowns = 0;
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    client.pipe(server);
    client.on("error", () => server.destroy());
    server.on("error", () => client.destroy());
    server.on("end", () => client.end());
    server.on("data", (data: Buffer) => {
      if (shutDowns === 3 || !data.subarray(-readyForQuery.length).equals(readyForQuery)) {
        client.write(data);
        return;
      }
      shutDowns += 1;
      client.end(Buffer.concat([data, shutDown]));
      server.destroy();
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => void proxy.close());
  const url = new URL(postgres.url);
  url.port = String((proxy.address() as AddressInfo).port);
  url.searchParams.set("sslmode", "disable");

  await using store = await open(url.href, { maxAttempts: 10 });
  await store.put("key", body);
  expect(shutDowns).toBe(3);
});

/** Waits until another session waits for a lock that the client holds. */
async function untilWaiting(holder: Client): Promise<void> {
  await expect.poll(async () => await waitersOf(holder)).toBeGreaterThan(0);
}

async function waitersOf(holder: Client): Promise<number> {
  const { rows } = await holder.query<{ readonly count: number }>(
    "SELECT count(*)::int AS count FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))",
  );
  return rows[0]?.count ?? 0;
}
