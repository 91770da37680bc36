import { startServer, testServer } from "@holdpoint/test-servers";
import { Client } from "pg";
import type { TestContext } from "vitest";

/** The tests' PostgreSQL, with a superuser. */
export const postgres = testServer("postgres");

/** The tests' PgBouncer in transaction mode, before a PostgreSQL of its own. */
export const pgbouncer = testServer("pgbouncer");

/** A connected client of the tests' own, which is ended at the end of its block. */
export async function inspector(url: string = postgres.url): Promise<DisposableClient> {
  const client = new DisposableClient({ connectionString: url });
  // Tests end servers, and connections with them.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** A server that belongs to one test, which may configure and stop it; skips the test if none can be started. */
export async function ownServer(
  test: TestContext,
  name: "postgres" | "pgbouncer" = "postgres",
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = await startServer(name, { own: true });
  return server.kind === "missing" ? test.skip(server.remedy) : server;
}

/** A client that is ended at the end of its block. */
export class DisposableClient extends Client {
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end().catch(() => undefined);
  }
}
