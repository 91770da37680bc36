import type { StoreFinding } from "@holdpoint/core";

import type { PostgresConnection } from "./postgres-connection.ts";
import type { PostgresTable } from "./postgres-table.ts";

/** What the settings of a server and the state of a table mean for what is kept there. */
export async function inspectPostgres(
  connection: PostgresConnection,
  table: PostgresTable,
  signal: AbortSignal,
): Promise<readonly StoreFinding[]> {
  await connection.run(`SELECT 1 FROM ${table.quoted} LIMIT 0`, [], signal);
  return [];
}
