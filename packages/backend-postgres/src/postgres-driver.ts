import { randomUUID } from "node:crypto";

import type { Capabilities, CheckpointEntry, DirectoryEntry, StoreFinding } from "@holdpoint/core";
import {
  BodyTooLargeError,
  directoryEntry,
  DriverFailureError,
  defaultMaxBodyBytes,
  PreconditionFailedError,
} from "@holdpoint/core/driver";
import type {
  CheckpointDriver,
  DriverContext,
  DriverFailure,
  DriverRecord,
  DriverWrite,
  ListContext,
  ReadContext,
} from "@holdpoint/core/driver";

import type { PostgresResult, PostgresValue } from "./postgres-client.ts";
import { PostgresConnection, standbyError } from "./postgres-connection.ts";
import type { PostgresConnections } from "./postgres-connection.ts";
import { classifyPostgresError, isServerError } from "./postgres-error.ts";
import { inspectPostgres } from "./postgres-inspection.ts";
import { afterPrefix, PostgresKeys } from "./postgres-key.ts";
import { PostgresReads } from "./postgres-reads.ts";
import { PostgresSweeper } from "./postgres-sweeper.ts";
import { assertServer, assertTable, describeTable, PostgresTable, ttlParameter } from "./postgres-table.ts";
import type { TableDescription } from "./postgres-table.ts";

/** Options of {@link PostgresDriver}. */
export interface PostgresDriverOptions {
  readonly location: string;
  readonly schema: string;
  readonly table: string;
  readonly prefix: string;
  readonly create: boolean;
  /** Whether no table is made and nothing is swept, as for the option `access` of stores. @default false */
  readonly isReadOnly?: boolean | undefined;
}

const pageSize = 1_000;
/** How often a removal may find that what it was told a moment before is no longer so. */
const maxRounds = 8;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;

/** Which rows of the table a page of a listing has. */
interface PageRequest {
  readonly from: string;
  readonly isAfter: boolean;
  readonly end: string | undefined;
  readonly versions: boolean;
}

interface ListedRow {
  readonly key: string;
  readonly version: string | undefined;
}

/** Keeps each checkpoint as one row of a table. */
export class PostgresDriver implements CheckpointDriver {
  readonly backend = "postgres";
  readonly location: string;
  readonly capabilities: Capabilities = {
    conditionalDelete: true,
    ttl: true,
    uniqueVersions: true,
    listsVersions: true,
    maxBodyBytes: defaultMaxBodyBytes,
  };
  readonly maxConcurrency: number;
  readonly #connection: PostgresConnection;
  readonly #table: PostgresTable;
  readonly #keys: PostgresKeys;
  readonly #reads: PostgresReads;
  readonly #sweeper: PostgresSweeper;
  readonly #create: boolean;
  readonly #isReadOnly: boolean;

  constructor(
    connections: PostgresConnections,
    { location, schema, table, prefix, create, isReadOnly = false }: PostgresDriverOptions,
  ) {
    this.#isReadOnly = isReadOnly;
    this.location = location;
    this.maxConcurrency = connections.max;
    this.#connection = new PostgresConnection(connections);
    this.#table = new PostgresTable(schema, table);
    this.#keys = new PostgresKeys(prefix);
    this.#reads = new PostgresReads(this.#connection, this.#table);
    this.#sweeper = new PostgresSweeper(this.#connection, this.#table);
    this.#create = create && !isReadOnly;
  }

  async read(key: string, { signal, maxBytes }: ReadContext): Promise<DriverRecord | null> {
    const row = await this.#reads.read(this.#keys.columnKey(key), maxBytes, signal);
    const { version, write_id: writeId, body, size_bytes: sizeBytes, modified_s: modifiedSeconds } = row;
    if (version === null || version === undefined) return null;
    if (maxBytes !== undefined && Number(sizeBytes) > maxBytes) {
      throw new BodyTooLargeError(Number(sizeBytes), version);
    }
    return {
      body: bytesOf(body ?? ""),
      version,
      writeId: writeId ?? undefined,
      modifiedAt: new Date(Math.round(Number(modifiedSeconds) * 1_000)),
    };
  }

  async write(
    key: string,
    body: Uint8Array,
    { precondition, writeId, ttlMs }: DriverWrite,
    { signal }: DriverContext,
  ): Promise<{ readonly version: string }> {
    // Random rather than counted: a sequence goes back with a backup, or with a standby that had not seen all of it.
    const version = randomUUID();
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const values = [this.#keys.columnKey(key), version, writeId, bytes];
    // What it finds may be over, which only the other statement knows, and that one takes the server half as long again.
    if (precondition.kind === "absent" && ttlMs === undefined) {
      const { rowCount } = await this.#run(this.#table.insertFirst, values, signal);
      if (rowCount === 1) return { version };
    }
    const { rowCount } = await this.#write(precondition, [...values, ttlParameter(ttlMs)], signal);
    if (rowCount !== 1) throw new PreconditionFailedError();
    if (ttlMs !== undefined) this.#sweeper.afterWrite();
    return { version };
  }

  async remove(key: string, ifVersion: string | undefined, { signal }: DriverContext): Promise<boolean> {
    const columnKey = this.#keys.columnKey(key);
    if (ifVersion === undefined) {
      const { rows } = await this.#run(this.#table.remove, [columnKey], signal);
      return rows[0]?.["live"] === "true";
    }
    // No value ever had another kind of version; the answer is the same as for one that is long gone.
    const version = uuid.test(ifVersion) ? ifVersion : randomUUID();
    for (let round = 1; ; round += 1) {
      const { rows } = await this.#run(this.#table.removeVersion, [columnKey, version], signal);
      const { removed, found } = rows[0] ?? {};
      if (removed === "1") return true;
      if (found === null || found === undefined) return false;
      if (found !== version) throw new PreconditionFailedError();
      // Somebody has replaced or removed it while we waited for them: look again which of the two.
      if (round === maxRounds) throw busyError();
    }
  }

  async timeToLive(key: string, { signal }: DriverContext): Promise<number | null> {
    const { rows } = await this.#run(this.#table.timeToLive, [this.#keys.columnKey(key)], signal);
    const { version, left_ms: leftMs } = rows[0] ?? {};
    if (version === null || version === undefined) return null;
    return leftMs === null || leftMs === undefined ? Infinity : Math.max(0, Number(leftMs));
  }

  async *list(prefix: string, { signal, versions }: ListContext): AsyncIterable<readonly CheckpointEntry[]> {
    const begin = this.#keys.columnKey(prefix);
    const end = afterPrefix(begin);
    let last: string | undefined;
    for (;;) {
      const rows = await this.#page({ from: last ?? begin, isAfter: last !== undefined, end, versions }, signal);
      yield rows.flatMap(({ key: column, version }) => {
        const key = this.#keys.checkpointKey(column);
        return key === undefined ? [] : [{ key, version }];
      });
      if (rows.length < pageSize) break;
      last = rows.at(-1)?.key ?? "";
    }
    if (!this.#isReadOnly) this.#sweeper.afterList();
  }

  async *listDirectory(prefix: string, { signal }: DriverContext): AsyncIterable<readonly DirectoryEntry[]> {
    const begin = this.#keys.columnKey(prefix);
    const end = afterPrefix(begin);
    for (let from: string | undefined = begin, isAfter = false; from !== undefined;) {
      const rows: readonly ListedRow[] = await this.#page({ from, isAfter, end, versions: false }, signal);
      const entries = rows.flatMap(({ key: column }) => {
        const key = this.#keys.checkpointKey(column);
        return key === undefined ? [] : [directoryEntry(key, prefix)];
      });
      yield entries;
      if (rows.length < pageSize) return;
      const last = entries.at(-1);
      // On with what comes after the directory that the page ends in, whatever else is in it.
      isAfter = last?.isDirectory !== true;
      from = isAfter ? rows.at(-1)?.key : afterPrefix(this.#keys.columnKey(last?.key ?? ""));
    }
  }

  async check({ signal }: DriverContext): Promise<void> {
    const description = await this.#describe(signal);
    assertServer(description);
    if (description["kind"] !== null) {
      assertTable(this.#table, description);
      return;
    }
    const hasSchema = description["has_schema"] === "true";
    if (!this.#create) throw this.#missing(hasSchema);
    try {
      await this.#run(`${hasSchema ? "" : this.#table.createSchema}${this.#table.create}`, [], signal);
    } catch (error) {
      // Somebody else has made it at the same time: https://www.postgresql.org/docs/current/errcodes-appendix.html
      if (!isServerError(error) || !["23505", "42P06", "42P07"].includes(error.code)) {
        throw isServerError(error) && error.code === "42501" ? this.#mayNotCreate(error) : error;
      }
    }
    assertTable(this.#table, await this.#describe(signal));
  }

  async inspect({ signal }: DriverContext): Promise<readonly StoreFinding[]> {
    return await inspectPostgres(this.#connection, this.#table, signal);
  }

  async close(): Promise<void> {
    await this.#sweeper.close();
    await this.#connection.close();
  }

  classify(error: unknown): DriverFailure {
    return classifyPostgresError(error);
  }

  /** The rows from a value of the column `key` on, in its order. */
  async #page({ from, isAfter, end, versions }: PageRequest, signal: AbortSignal): Promise<readonly ListedRow[]> {
    const values = [from, String(pageSize), ...(end === undefined ? [] : [end])];
    const text = this.#table.list({ isAfter, hasEnd: end !== undefined, versions });
    const { rows } = await this.#run(text, values, signal);
    return rows.map(({ key, version }) => ({ key: key ?? "", version: version ?? undefined }));
  }

  async #run(text: string, values: readonly PostgresValue[], signal: AbortSignal): Promise<PostgresResult> {
    return await this.#connection.run(text, values, signal);
  }

  async #write(
    precondition: DriverWrite["precondition"],
    values: readonly PostgresValue[],
    signal: AbortSignal,
  ): Promise<PostgresResult> {
    switch (precondition.kind) {
      case "any":
        return await this.#run(this.#table.insert, values, signal);
      case "absent":
        return await this.#run(this.#table.insertIfAbsent, values, signal);
      case "version":
        // No value ever had another kind of version.
        if (!uuid.test(precondition.version)) throw new PreconditionFailedError();
        return await this.#run(this.#table.update, [...values, precondition.version], signal);
    }
  }

  async #describe(signal: AbortSignal): Promise<TableDescription> {
    const { rows } = await this.#run(describeTable, [this.#table.schema, this.#table.name], signal);
    const [description] = rows;
    if (description === undefined) throw standbyError();
    return description;
  }

  #missing(hasSchema: boolean): DriverFailureError {
    return new DriverFailureError({
      code: "not-found",
      retryable: false,
      outcome: "not-applied",
      message: hasSchema
        ? `there is no table ${this.#table.quoted}`
        : `there is no schema ${JSON.stringify(this.#table.schema)}`,
      remedy: `Whatever opens the store for writing creates it, unless create=false is given; or run: ${this.#sql(hasSchema)}`,
    });
  }

  #mayNotCreate(cause: unknown): DriverFailureError {
    return new DriverFailureError(
      {
        code: "permission-denied",
        retryable: false,
        outcome: "not-applied",
        message: `there is no table ${this.#table.quoted}, and the role may not create it`,
        remedy: `Let a role that may run: ${this.#sql(true)}`,
      },
      cause,
    );
  }

  #sql(hasSchema: boolean): string {
    return `${hasSchema ? "" : `${this.#table.createSchema} `}${this.#table.create.replaceAll(/\s+/gu, " ")}`;
  }
}

/** Small buffers are pieces of one that Node shares; the bytes are to be the reader's own. */
function bytesOf(base64: string): Uint8Array {
  const buffer = Buffer.from(base64, "base64");
  return buffer.byteLength === buffer.buffer.byteLength ? new Uint8Array(buffer.buffer) : new Uint8Array(buffer);
}

function busyError(): DriverFailureError {
  return new DriverFailureError({
    code: "unavailable",
    retryable: true,
    outcome: "not-applied",
    message: "others keep writing the value",
  });
}
