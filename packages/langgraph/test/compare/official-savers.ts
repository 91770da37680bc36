import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";

const packages = [
  "@langchain/langgraph-checkpoint-postgres@1.0.5",
  "@langchain/langgraph-checkpoint-redis@1.0.11",
  "@langchain/langgraph-checkpoint-sqlite@1.0.4",
  "@langchain/langgraph-checkpoint@1.2.2",
  "@langchain/core@1.4.0",
];

/** LangGraph's own savers, installed outside of this repository, whose users need none of them. */
export interface OfficialSavers extends AsyncDisposable {
  readonly postgres: (url: string) => Promise<BaseCheckpointSaver & { end(): Promise<void> }>;
  readonly redis: (url: string) => Promise<BaseCheckpointSaver & { end(): Promise<void> }>;
  readonly sqlite: (file: string) => BaseCheckpointSaver;
}

interface PostgresModule {
  readonly PostgresSaver: {
    fromConnString(url: string): BaseCheckpointSaver & { setup(): Promise<void>; end(): Promise<void> };
  };
}

interface RedisModule {
  readonly RedisSaver: { fromUrl(url: string): Promise<BaseCheckpointSaver & { end(): Promise<void> }> };
}

interface SqliteModule {
  readonly SqliteSaver: new (database: unknown) => BaseCheckpointSaver;
}

/** Installs them in a directory of their own, which is removed at the end. */
export async function installOfficialSavers(): Promise<OfficialSavers> {
  const directory = await mkdtemp(join(tmpdir(), "holdpoint-savers-"));
  await writeFile(join(directory, "package.json"), JSON.stringify({ private: true, type: "module" }));
  // Without scripts, since better-sqlite3 would have to be compiled; Node's own SQLite takes its place.
  await promisify(execFile)("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...packages], {
    cwd: directory,
  });
  const require = createRequire(join(directory, "package.json"));
  const load = async (name: string): Promise<unknown> => await import(pathToFileURL(require.resolve(name)).href);
  const { PostgresSaver } = (await load("@langchain/langgraph-checkpoint-postgres")) as PostgresModule;
  const { RedisSaver } = (await load("@langchain/langgraph-checkpoint-redis")) as RedisModule;
  const { SqliteSaver } = (await load("@langchain/langgraph-checkpoint-sqlite")) as SqliteModule;
  return {
    postgres: async (url) => {
      const saver = PostgresSaver.fromConnString(url);
      await saver.setup();
      return saver;
    },
    redis: async (url) => await RedisSaver.fromUrl(url),
    sqlite: (file) => new SqliteSaver(asBetterSqlite(new DatabaseSync(file, { timeout: 5000 }))),
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true }),
  };
}

/** What the official saver uses of better-sqlite3 and `node:sqlite` has under other names. */
function asBetterSqlite(database: DatabaseSync): object {
  return {
    exec: (sql: string) => database.exec(sql),
    prepare: (sql: string) => {
      const statement = database.prepare(sql);
      return {
        all: (...values: readonly SQLInputValue[]) => statement.all(...bindable(values)),
        get: (...values: readonly SQLInputValue[]) => statement.get(...bindable(values)),
        run: (...values: readonly SQLInputValue[]) => statement.run(...bindable(values)),
      };
    },
    pragma: (text: string) => database.prepare(`PRAGMA ${text}`).all(),
    transaction: (work: (...parameters: readonly unknown[]) => unknown) => {
      return (...parameters: readonly unknown[]): void => {
        database.exec("BEGIN IMMEDIATE");
        try {
          work(...parameters);
          database.exec("COMMIT");
        } catch (error) {
          database.exec("ROLLBACK");
          throw error;
        }
      };
    },
  };
}

/** better-sqlite3 takes `undefined` for null. */
function bindable(values: readonly (SQLInputValue | undefined)[]): SQLInputValue[] {
  return values.map((value) => value ?? null);
}
