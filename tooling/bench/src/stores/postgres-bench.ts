import { randomUUID } from "node:crypto";

import { openStore } from "@holdpoint/core";
import { KeyvPostgres } from "@keyv/postgres";
import { Keyv } from "keyv";
import { Pool } from "pg";

import { holdpointName, limitName } from "../contestant.ts";
import type { PlainStore } from "../plain-store.ts";
import { holdpointStore } from "../plain-store.ts";
import { closeAll, startBenchServer } from "./bench-server.ts";
import type { BackendUnderTest } from "./bench-server.ts";

/** PostgreSQL beside pg and keyv. */
export async function openPostgresBench(): Promise<BackendUnderTest> {
  const server = await startBenchServer("postgres");
  const url = (table: string): string => `${server.url}?table=${table}`;
  const contestants = [
    await createBarePostgres(limitName, server.url),
    holdpointStore(holdpointName, await openStore(url("holdpoint"))),
    createKeyvPostgres(server.url),
  ];
  return {
    name: "postgres",
    server: server.origin,
    store: await openStore(url("ledger")),
    contestants,
    url: url("child"),
    address: server.url,
    environment: {},
    [Symbol.asyncDispose]: async () => {
      await closeAll(contestants);
      await server[Symbol.asyncDispose]();
    },
  };
}

/** As many connections as the store's, and the least of columns that a compare and set needs. */
async function createBarePostgres(name: string, url: string): Promise<PlainStore> {
  const pool = new Pool({ connectionString: url, max: 10 });
  await pool.query(`CREATE TABLE bare (key text COLLATE "C" PRIMARY KEY, version uuid NOT NULL, body bytea NOT NULL)`);
  const change = async (text: string, values: readonly unknown[]): Promise<void> => {
    const { rowCount } = await pool.query(text, [...values]);
    if (rowCount !== 1) throw new Error("it exists, or has changed");
  };
  return {
    name,
    lacks: "",
    create: async (key, { bytes }) => {
      const version = randomUUID();
      await change("INSERT INTO bare VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", [key, version, bytes]);
      return version;
    },
    read: async (key) => {
      const { rows } = await pool.query<{ version: string; body: Buffer }>(
        "SELECT version, body FROM bare WHERE key = $1",
        [key],
      );
      const [row] = rows;
      if (row === undefined) throw new Error("it is missing");
      return { content: row.body, version: row.version };
    },
    update: async (key, { bytes }, version) => {
      const text = "UPDATE bare SET version = $2, body = $3 WHERE key = $1 AND version = $4";
      await change(text, [key, randomUUID(), bytes, version]);
    },
    remove: (key) => pool.query("DELETE FROM bare WHERE key = $1", [key]),
    list: async (prefix) => {
      const end = `${prefix}\u{10FFFF}`;
      const { rows } = await pool.query("SELECT key FROM bare WHERE key >= $1 AND key < $2 ORDER BY key", [
        prefix,
        end,
      ]);
      return rows.length;
    },
    close: () => pool.end(),
  };
}

function createKeyvPostgres(url: string): PlainStore {
  const keyv = new Keyv({ store: new KeyvPostgres({ uri: url, table: "keyv" }), namespace: "keyv" });
  const write = async (key: string, text: string): Promise<string> => {
    await keyv.set(key, text);
    return "";
  };
  return {
    name: "keyv",
    lacks: "no condition, text only, no listing by prefix",
    create: (key, { text }) => write(key, text),
    read: async (key) => ({ content: (await keyv.get<string>(key)) ?? "", version: "" }),
    update: (key, { text }) => write(key, text),
    remove: (key) => keyv.delete(key),
    close: () => keyv.disconnect(),
  };
}
