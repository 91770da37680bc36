import { DriverFailureError } from "@holdpoint/core/driver";

/** A name as it stands in a statement: `"holdpoint_checkpoints"`. */
function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** What a statement that lists is to do. */
export interface ListStatement {
  /** Whether the key to begin with is to be left out. */
  readonly isAfter: boolean;
  /** Whether there is a key to end before. */
  readonly hasEnd: boolean;
  /** Whether each row says its version. */
  readonly versions: boolean;
}

/** The statements of a store, for one table. */
export class PostgresTable {
  readonly schema: string;
  readonly name: string;
  /** Schema and table, quoted. */
  readonly quoted: string;

  constructor(schema: string, name: string) {
    this.schema = schema;
    this.name = name;
    this.quoted = `${quoteName(schema)}.${quoteName(name)}`;
  }

  /** What makes the table. It ends with the index by which expired values are found. */
  get create(): string {
    return `CREATE TABLE ${this.quoted} (
  key text COLLATE "C" NOT NULL,
  version uuid NOT NULL,
  write_id text NOT NULL,
  modified_at timestamptz NOT NULL,
  expires_at timestamptz,
  body bytea NOT NULL,
  PRIMARY KEY (key) INCLUDE (expires_at)
);
CREATE INDEX ON ${this.quoted} (expires_at) WHERE expires_at IS NOT NULL;`;
  }

  get createSchema(): string {
    return `CREATE SCHEMA IF NOT EXISTS ${quoteName(this.schema)};`;
  }

  /**
   * Key. The body comes in base64, since `pg` reads text alone, and the setting bytea_output is somebody else's. A cast
   * to text that `pg` does not need takes longer than to find the row.
   */
  get read(): string {
    return `${this.#columns(base64)}
FROM ${this.quoted} AS found
WHERE found.key = $1 AND ${isLive("found")}`;
  }

  /** As {@link read}, and the largest body that is wanted; of any other only the size, which the server knows without it. */
  get readUpTo(): string {
    return `${this.#columns(base64UpTo("$2::bigint"))}
FROM ${this.quoted} AS found
WHERE found.key = $1 AND ${isLive("found")}`;
  }

  /**
   * Keys, and for each the largest body that is wanted. A row for each key, in their order, whether there is a value or
   * not, because it also says whether the server is a standby, which may lag.
   */
  get readEach(): string {
    return `${this.#columns(base64UpTo("wanted.most_bytes"))}
FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS wanted (key, most_bytes, place)
LEFT JOIN ${this.quoted} AS found ON found.key = wanted.key AND ${isLive("found")}
ORDER BY wanted.place`;
  }

  #columns(body: string): string {
    return `SELECT pg_is_in_recovery() AS standby, found.version, found.write_id, ${body},
  extract(epoch FROM found.modified_at) AS modified_s`;
  }

  /** Key. Says how long a value has left, in milliseconds, or nothing where it does not expire. */
  get timeToLive(): string {
    return `SELECT pg_is_in_recovery() AS standby, found.version::text AS version,
  ceil(extract(epoch FROM found.expires_at - clock_timestamp()) * 1000)::bigint::text AS left_ms
FROM (SELECT 1) AS one
LEFT JOIN ${this.quoted} AS found ON found.key = $1 AND ${isLive("found")}`;
  }

  /** Key, version, write id, body, time to live in milliseconds. */
  get insert(): string {
    return `INSERT INTO ${this.quoted} AS stored (key, version, write_id, body, modified_at, expires_at)
VALUES ($1, $2::uuid, $3, $4::bytea, clock_timestamp(), ${expiry})
ON CONFLICT (key) DO UPDATE SET ${assignments}`;
  }

  /** Key, version, write id, body. Affects no row if there is one, although its value may be over. */
  get insertFirst(): string {
    return `INSERT INTO ${this.quoted} (key, version, write_id, body, modified_at)
VALUES ($1, $2, $3, $4, clock_timestamp())
ON CONFLICT (key) DO NOTHING`;
  }

  /** As {@link insert}; affects no row if there is a value that is not over. */
  get insertIfAbsent(): string {
    return `${this.insert}
WHERE stored.expires_at <= clock_timestamp()`;
  }

  /** As {@link insert}, and the version that must be there; affects no row if it is not. */
  get update(): string {
    return `UPDATE ${this.quoted} AS stored
SET version = $2::uuid, write_id = $3, body = $4::bytea, modified_at = clock_timestamp(), expires_at = ${expiry}
WHERE stored.key = $1 AND stored.version = $6::uuid AND ${isLive("stored")}`;
  }

  /** Key. Says of what it has removed whether it was there for anybody to see. */
  get remove(): string {
    return `DELETE FROM ${this.quoted} AS stored WHERE stored.key = $1 RETURNING (${isLive("stored")})::text AS live`;
  }

  /** Key, version. Says how many it has removed, and which version was there before. */
  get removeVersion(): string {
    return `WITH removed AS (
  DELETE FROM ${this.quoted} AS stored
  WHERE stored.key = $1 AND stored.version = $2::uuid AND ${isLive("stored")}
  RETURNING 1
)
SELECT (SELECT count(*) FROM removed)::text AS removed,
  (SELECT stored.version::text FROM ${this.quoted} AS stored WHERE stored.key = $1 AND ${isLive("stored")}) AS found`;
  }

  /**
   * The key to begin with, how many, and the key to end before. Needs nothing but the index of the primary key, unless
   * versions are asked for: they stand in the rows alone. In the index, where each update changes them, they would take
   * from PostgreSQL the way to update a row without touching its indexes.
   *
   * @see https://www.postgresql.org/docs/current/storage-hot.html
   */
  list({ isAfter, hasEnd, versions }: ListStatement): string {
    return `SELECT pg_is_in_recovery() AS standby, stored.key${versions ? ", stored.version::text AS version" : ""}
FROM ${this.quoted} AS stored
WHERE stored.key ${isAfter ? ">" : ">="} $1${hasEnd ? " AND stored.key < $3" : ""}
  AND (stored.expires_at IS NULL OR stored.expires_at > now())
ORDER BY stored.key LIMIT $2`;
  }

  /** Removes some of what is over. */
  get sweep(): string {
    return `DELETE FROM ${this.quoted} WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM ${this.quoted} WHERE expires_at <= now() ORDER BY expires_at LIMIT ${sweepRows} FOR UPDATE SKIP LOCKED
))`;
  }
}

/** How many rows {@link PostgresTable.sweep} removes at most. */
export const sweepRows = 1_000;

// For ever, as far as anybody will find out; PostgreSQL's years end at 294276.
const longestTtlMs = 100 * 365 * 24 * 3_600_000;

/** A time to live as the statements take it. */
export function ttlParameter(ttlMs: number | undefined): string | null {
  return ttlMs === undefined ? null : String(Math.min(ttlMs, longestTtlMs));
}

// The time of the statement's end, not of its beginning: it may have waited for another in between.
const expiry = "clock_timestamp() + $5::double precision * interval '1 millisecond'";

const assignments = ["version", "write_id", "body", "modified_at", "expires_at"]
  .map((column) => `${column} = excluded.${column}`)
  .join(", ");

const base64 = "encode(found.body, 'base64') AS body";

function base64UpTo(mostBytes: string): string {
  return `CASE WHEN octet_length(found.body) <= ${mostBytes} THEN encode(found.body, 'base64') END AS body,
  octet_length(found.body) AS size_bytes`;
}

function isLive(table: string): string {
  return `(${table}.expires_at IS NULL OR ${table}.expires_at > clock_timestamp())`;
}

/** Schema, table: whether the server and the table can keep a store's promises. */
export const describeTable = `SELECT current_setting('server_version_num') AS server_version,
  current_setting('server_version') AS server_version_name,
  current_setting('server_encoding') AS server_encoding,
  pg_is_in_recovery() AS standby,
  (n.oid IS NOT NULL)::text AS has_schema,
  c.relkind::text AS kind, c.relpersistence::text AS persistence,
  row_security_active(c.oid)::text AS row_security,
  (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
      'required', a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', 'collation', l.collname))
    FROM pg_attribute AS a LEFT JOIN pg_collation AS l ON l.oid = a.attcollation
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)::text AS columns,
  EXISTS (SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'key'
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
      AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum)::text AS is_unique
FROM (SELECT 1) AS one
LEFT JOIN pg_namespace AS n ON n.nspname = $1
LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = $2`;

/** The one row that {@link describeTable} finds. */
export type TableDescription = Readonly<Record<string, string | null>>;

const oldestServer = { number: 120_000, name: "12" };

// Those that compare the bytes of UTF-8: https://www.postgresql.org/docs/current/collation.html#COLLATION-MANAGING-STANDARD
const bytewiseCollations = ["C", "POSIX", "ucs_basic", "pg_c_utf8"];

const columnTypes: Readonly<Record<string, string>> = {
  key: "text",
  version: "uuid",
  write_id: "text",
  modified_at: "timestamp with time zone",
  expires_at: "timestamp with time zone",
  body: "bytea",
};

/** @throws {DriverFailureError} if this server cannot keep a store's promises */
export function assertServer(description: TableDescription): void {
  const { server_version: version, server_version_name: name, server_encoding: encoding } = description;
  if (Number(version) < oldestServer.number) {
    throw unsupported(`the server is PostgreSQL ${String(name)}`, `Use PostgreSQL ${oldestServer.name} or newer.`);
  }
  if (encoding !== "UTF8" && encoding !== "SQL_ASCII") {
    throw unsupported(
      `the database has the encoding ${String(encoding)}, which cannot hold every key`,
      "Use a database with ENCODING 'UTF8'.",
    );
  }
}

/** @throws {DriverFailureError} if a table that is there would lose values, or take two for one */
export function assertTable(table: PostgresTable, description: TableDescription): void {
  const refuse = (problem: string, remedy: string): never => {
    throw unsupported(`the table ${table.quoted} cannot be used: ${problem}`, remedy);
  };
  const another = "Name another table with the option table, or drop this one.";
  const { kind, persistence } = description;
  if (kind !== "r" && kind !== "p") refuse("it is a view or something else that is no table", another);
  if (persistence !== "p") {
    refuse(
      persistence === "u" ? "it is UNLOGGED, and is emptied when the server crashes" : "it is temporary",
      `Run: ALTER TABLE ${table.quoted} SET LOGGED`,
    );
  }
  const columns = JSON.parse(description["columns"] ?? "null") as
    | readonly {
        readonly name: string;
        readonly type: string;
        readonly required: boolean;
        readonly collation: string | null;
      }[]
    | null;
  for (const [name, type] of Object.entries(columnTypes)) {
    const column = columns?.find((candidate) => candidate.name === name);
    if (column === undefined) refuse(`it has no column ${name}`, another);
    else if (column.type !== type) refuse(`its column ${name} is of type ${column.type}, not ${type}`, another);
  }
  for (const { name, required } of columns ?? []) {
    if (required && columnTypes[name] === undefined) {
      refuse(
        `its column ${quoteName(name)} must not be null and has no default, so that nothing can be inserted`,
        another,
      );
    }
  }
  const collation = columns?.find(({ name }) => name === "key")?.collation ?? "";
  if (!bytewiseCollations.includes(collation)) {
    refuse(
      `its column key has the collation ${quoteName(collation)}, which does not compare bytes`,
      `Run: ALTER TABLE ${table.quoted} ALTER COLUMN key TYPE text COLLATE "C"`,
    );
  }
  if (description["is_unique"] !== "true") {
    refuse("no primary key or unique index is on the column key alone, so that a key could be there twice", another);
  }
  if (description["row_security"] === "true") {
    refuse(
      "row-level security hides rows of it from this role",
      "Give the role BYPASSRLS, or disable row-level security on this table.",
    );
  }
}

function unsupported(message: string, remedy: string): DriverFailureError {
  return new DriverFailureError({ code: "unsupported", retryable: false, outcome: "not-applied", message, remedy });
}
