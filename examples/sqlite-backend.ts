import { DatabaseSync } from "node:sqlite";
import { fileURLToPath, pathToFileURL } from "node:url";

import type { CheckpointEntry, CheckpointErrorCode, CheckpointStore, StoreOptions } from "@holdpoint/core";
import { defaultMaxBodyBytes, openDriver, PreconditionFailedError, readUrlOptions } from "@holdpoint/core/driver";
import type {
  CheckpointBackend,
  CheckpointDriver,
  DriverContext,
  DriverFailure,
  DriverRecord,
  DriverWrite,
} from "@holdpoint/core/driver";

/** Options of {@link createSqliteStore}. */
export interface SqliteStoreOptions extends StoreOptions {
  /** The database's file; it is made if it is not there. */
  readonly path: string;
}

/** Opens a store in an SQLite database, which several processes of one machine may share. */
export async function createSqliteStore({ path, ...options }: SqliteStoreOptions): Promise<CheckpointStore> {
  return await openDriver(new SqliteDriver(path), options);
}

/** Once it is registered, `openStore("sqlite:///var/lib/checkpoints.db")` works. */
export const backend: CheckpointBackend<SqliteStoreOptions> = {
  name: "sqlite",
  schemes: ["sqlite"],
  parseUrl: (url) => ({ ...readUrlOptions(url, {}), path: fileURLToPath(`file://${url.pathname}`) }),
  open: createSqliteStore,
};

declare module "@holdpoint/core" {
  interface StoreConfigs {
    sqlite: SqliteStoreOptions;
  }
}

interface Row {
  readonly version: number;
  readonly key: Uint8Array;
  readonly body: Uint8Array;
  readonly writeId: string;
  readonly modifiedAt: number;
  readonly expiresAt: number | null;
  readonly sizeBytes: number;
}

// Each write is a new row, and AUTOINCREMENT never gives a number twice: https://sqlite.org/autoinc.html
// With a write-ahead log a write waits for the disk once, not several times: https://sqlite.org/wal.html
const schema = `
  PRAGMA busy_timeout = 5000;
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS checkpoints (
    version INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, body BLOB NOT NULL,
    writeId TEXT NOT NULL, modifiedAt INTEGER NOT NULL, expiresAt INTEGER) STRICT`;
const alive = "(expiresAt IS NULL OR expiresAt > ?)";
const pageSize = 1000;

class SqliteDriver implements CheckpointDriver {
  readonly backend = "sqlite";
  readonly location: string;
  readonly capabilities = {
    conditionalDelete: true,
    ttl: true,
    uniqueVersions: true,
    listsVersions: true,
    maxBodyBytes: defaultMaxBodyBytes,
  };
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.location = pathToFileURL(path).href.replace("file:", "sqlite:");
    this.#database = new DatabaseSync(path);
    this.#database.exec(schema);
  }

  async read(key: string): Promise<DriverRecord | null> {
    const row = this.#row(key);
    if (row === undefined) return null;
    return { body: row.body, version: String(row.version), writeId: row.writeId, modifiedAt: new Date(row.modifiedAt) };
  }

  async write(key: string, body: Uint8Array, { precondition, writeId, ttlMs }: DriverWrite): Promise<DriverRecord> {
    const now = Date.now();
    return this.#exclusively(() => {
      const current = this.#row(key);
      if (precondition.kind === "absent" && current !== undefined) throw new PreconditionFailedError();
      if (precondition.kind === "version" && String(current?.version) !== precondition.version)
        throw new PreconditionFailedError();
      const { lastInsertRowid } = this.#database
        .prepare(
          "INSERT OR REPLACE INTO checkpoints (key, body, writeId, modifiedAt, expiresAt) VALUES (?, ?, ?, ?, ?)",
        )
        .run(Buffer.from(key), body, writeId, now, ttlMs === undefined ? null : now + ttlMs);
      return { version: String(lastInsertRowid), body, writeId };
    });
  }

  async remove(key: string, ifVersion: string | undefined): Promise<boolean> {
    return this.#exclusively(() => {
      const current = this.#row(key);
      if (current === undefined) return false;
      if (ifVersion !== undefined && String(current.version) !== ifVersion) throw new PreconditionFailedError();
      this.#database.prepare("DELETE FROM checkpoints WHERE version = ?").run(current.version);
      return true;
    });
  }

  async timeToLive(key: string): Promise<number | null> {
    const row = this.#row(key);
    if (row === undefined) return null;
    return row.expiresAt === null ? Infinity : Math.max(0, row.expiresAt - Date.now());
  }

  async *list(prefix: string, { signal }: DriverContext): AsyncIterable<readonly CheckpointEntry[]> {
    const bytes = Buffer.from(prefix);
    const page = this.#database.prepare(
      `SELECT key, version, modifiedAt, length(body) AS sizeBytes FROM checkpoints
       WHERE key > ? AND substr(key, 1, ?) = ? AND ${alive} ORDER BY key LIMIT ${pageSize}`,
    );
    let after: Uint8Array = Buffer.alloc(0);
    for (;;) {
      signal.throwIfAborted();
      const rows = page.all(after, bytes.byteLength, bytes, Date.now()) as unknown as readonly Row[];
      yield rows.map(({ key, version, sizeBytes, modifiedAt }) => {
        const modified = new Date(modifiedAt);
        return { key: Buffer.from(key).toString(), version: String(version), sizeBytes, modifiedAt: modified };
      });
      after = rows.at(-1)?.key ?? after;
      if (rows.length < pageSize) return;
    }
  }

  async check(): Promise<void> {
    this.#database.exec("SELECT 1 FROM checkpoints LIMIT 1");
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  classify(error: unknown): DriverFailure {
    const { message, errcode = 0 } = error as Error & { readonly errcode?: number };
    // The lowest byte is the result code proper: https://sqlite.org/rescode.html
    const code = codes[errcode & 0xff] ?? "unavailable";
    const retryable = code === "unavailable";
    // Whatever went wrong, the transaction is rolled back; only an I/O error may have come after the commit.
    return { code, retryable, outcome: (errcode & 0xff) === 10 ? "unknown" : "not-applied", message };
  }

  #row(key: string): Row | undefined {
    const statement = this.#database.prepare(`SELECT * FROM checkpoints WHERE key = ? AND ${alive}`);
    return statement.get(Buffer.from(key), Date.now()) as unknown as Row | undefined;
  }

  /** Nobody else writes meanwhile: neither another process nor, since nothing here waits, this one. */
  #exclusively<Result>(change: () => Result): Result {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = change();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

const codes: Readonly<Record<number, CheckpointErrorCode>> = {
  3: "permission-denied",
  8: "permission-denied",
  11: "corrupt",
  14: "not-found",
  23: "permission-denied",
  26: "corrupt",
};
