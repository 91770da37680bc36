import type { PostgresConnection } from "./postgres-connection.ts";
import { sweepRows } from "./postgres-table.ts";
import type { PostgresTable } from "./postgres-table.ts";

const sweepEveryMs = 60_000;
/** How long one round may take. Nobody waits for it. */
const roundTimeoutMs = 10_000;
const maxRounds = 100;

/**
 * Removes values that are over, in passing: about once a minute where values with a time to live are written, and after a
 * listing. Nobody sees such values, so that it does not matter when this happens, or whether it may.
 */
export class PostgresSweeper {
  readonly #connection: PostgresConnection;
  readonly #table: PostgresTable;
  readonly #closing = new AbortController();
  // A process that writes once and ends has done nothing else.
  #writtenSince = performance.now();
  #sweptAt = -Infinity;
  #running: Promise<void> | undefined;

  constructor(connection: PostgresConnection, table: PostgresTable) {
    this.#connection = connection;
    this.#table = table;
  }

  /** A value with a time to live was written. */
  afterWrite(): void {
    if (performance.now() - this.#writtenSince >= sweepEveryMs) this.afterList();
  }

  /** All values were listed, as when those that have ended are looked for. */
  afterList(): void {
    const now = performance.now();
    if (this.#running !== undefined || this.#closing.signal.aborted || now - this.#sweptAt < sweepEveryMs) return;
    this.#sweptAt = now;
    this.#writtenSince = now;
    this.#running = this.#sweep().finally(() => {
      this.#running = undefined;
    });
  }

  /** Waits for what is under way, a round at most. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  /** Never rejects: a role that may not delete, for one, need not. */
  async #sweep(): Promise<void> {
    try {
      for (let round = 1; round <= maxRounds && !this.#closing.signal.aborted; round += 1) {
        const { rowCount } = await this.#connection.run(this.#table.sweep, [], AbortSignal.timeout(roundTimeoutMs));
        if (rowCount === null || rowCount < sweepRows) return;
      }
    } catch {
      // The next sweep takes what this one has left.
    }
  }
}
