import type { PostgresResult } from "./postgres-client.ts";
import type { PostgresConnection } from "./postgres-connection.ts";
import { breaksConnection } from "./postgres-error.ts";
import type { PostgresTable } from "./postgres-table.ts";

/** A row as the statements that read say it; of a value that is larger than is wanted, all but the body. */
export type StoredRow = PostgresResult["rows"][number];

/** Larger bodies are read alone, so that nobody waits for what others read. */
const mostBytesTogether = 256 * 1024;

interface WantedRow {
  readonly columnKey: string;
  readonly maxBytes: number | undefined;
  readonly signal: AbortSignal;
  readonly resolve: (row: StoredRow | PromiseLike<StoredRow>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads rows. What is asked for in one turn of the event loop is asked of the server in one statement: to send it, to
 * plan it and to wake a process of the server takes longer than to find a row, and a listing reads thousands.
 */
export class PostgresReads {
  readonly #connection: PostgresConnection;
  readonly #table: PostgresTable;
  #wanted: WantedRow[] = [];

  constructor(connection: PostgresConnection, table: PostgresTable) {
    this.#connection = connection;
    this.#table = table;
  }

  /**
   * The row of a key; one without a version if there is none.
   *
   * @throws what {@link PostgresConnection.run} throws
   */
  read(columnKey: string, maxBytes: number | undefined, signal: AbortSignal): Promise<StoredRow> {
    return new Promise((resolve, reject) => {
      const isFirst = this.#wanted.push({ columnKey, maxBytes, signal, resolve, reject }) === 1;
      // Runs once all that waits for the same answer has gone on, and sooner than `setImmediate` would.
      if (isFirst) process.nextTick(() => this.#send());
    });
  }

  #send(): void {
    const wanted = this.#wanted;
    this.#wanted = [];
    const [first] = wanted;
    if (first !== undefined && wanted.length === 1) first.resolve(this.#readAlone(first));
    else void this.#readTogether(wanted);
  }

  async #readAlone(wanted: WantedRow): Promise<StoredRow> {
    const { columnKey, maxBytes, signal } = wanted;
    const { read, readUpTo } = this.#table;
    const { rows } =
      maxBytes === undefined
        ? await this.#connection.run(read, [columnKey], signal)
        : await this.#connection.run(readUpTo, [columnKey, String(maxBytes)], signal);
    // No row would say that the server is a standby, which may lag; the other statement has one in any case.
    const [row = (await this.#ask([wanted], Number.MAX_SAFE_INTEGER, signal))[0]] = rows;
    return row ?? {};
  }

  /** Never rejects. */
  async #readTogether(wanted: readonly WantedRow[]): Promise<void> {
    const controller = new AbortController();
    let left = wanted.length;
    const leave = (): void => {
      left -= 1;
      if (left === 0) controller.abort(wanted[0]?.signal.reason);
    };
    for (const { signal } of wanted) {
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
    }
    try {
      const rows = await this.#ask(wanted, mostBytesTogether, controller.signal);
      for (const [index, each] of wanted.entries()) {
        const row = rows[index] ?? {};
        each.resolve(isLeftOut(row, each) ? this.#readAlone(each) : row);
      }
    } catch (error) {
      // What is wrong with one row is no failure of the others.
      for (const each of wanted) {
        if (breaksConnection(error)) each.reject(error);
        else each.resolve(this.#readAlone(each));
      }
    } finally {
      for (const { signal } of wanted) signal.removeEventListener("abort", leave);
    }
  }

  /** A row for each that is wanted, in that order. */
  async #ask(wanted: readonly WantedRow[], mostBytes: number, signal: AbortSignal): Promise<readonly StoredRow[]> {
    const keys = wanted.map(({ columnKey }) => columnKey);
    const limits = wanted.map(({ maxBytes = mostBytes }) => String(Math.min(maxBytes, mostBytes)));
    const { rows } = await this.#connection.run(this.#table.readEach, [keys, limits], signal);
    return rows;
  }
}

/** Whether the body did not come although it is wanted. */
function isLeftOut({ version, body, size_bytes: sizeBytes }: StoredRow, { maxBytes = Infinity }: WantedRow): boolean {
  return typeof version === "string" && typeof body !== "string" && Number(sizeBytes) <= maxBytes;
}
