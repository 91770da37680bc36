/** What a statement is given; `pg` writes a list as an array of PostgreSQL's. */
export type PostgresValue = string | Buffer | null | readonly string[];

/**
 * A statement as the driver hands it to `pg`. It has no `name`: a prepared statement with a name is the session's, and
 * behind PgBouncer in transaction mode the next statement may run in another session.
 */
export interface PostgresStatement {
  readonly text: string;
  readonly values: PostgresValue[];
  readonly types: { readonly getTypeParser: () => (text: string) => string };
}

/** What `pg` makes of the answer to a statement; of several in one text, it makes one of each. */
export interface PostgresResult {
  readonly rows: readonly Readonly<Record<string, string | null>>[];
  readonly rowCount: number | null;
}

/**
 * A connected client of `pg` 8, as far as a store needs it.
 *
 * @example
 * ```ts
 * const client: PostgresClient = new pg.Client("postgres://127.0.0.1/app");
 * ```
 */
export interface PostgresClient {
  /** @throws {Error} what the server or the connection answers, as `pg` makes it */
  query(statement: PostgresStatement): Promise<PostgresResult | readonly PostgresResult[]>;
  /** `"I"` unless a transaction is open; versions of `pg` that do not tell have no such method. */
  getTransactionStatus?(): string | null;
}

/**
 * A client that a pool has lent.
 *
 * @example
 * ```ts
 * pool.connect((error, lent) => lent?.release());
 * ```
 */
export interface PostgresPoolClient extends PostgresClient {
  /** Gives it back; with `true` the connection is closed instead. */
  release(isBroken?: boolean): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

/**
 * A pool of `pg` 8, as far as a store needs it.
 *
 * @example
 * ```ts
 * const pool: PostgresPool = new pg.Pool({ connectionString: "postgres://127.0.0.1/app" });
 * ```
 */
export interface PostgresPool {
  /** Calls back with a client, or with why no connection could be had, as `pg` makes it. */
  connect(callback: (error: Error | undefined, client: PostgresPoolClient | undefined) => void): void;
  readonly totalCount: number;
  readonly options: { readonly max: number };
}

/** Whether it is a pool, of which every statement may have a connection of its own. */
export function isPool(client: PostgresClient | PostgresPool): client is PostgresPool {
  return "totalCount" in client;
}
