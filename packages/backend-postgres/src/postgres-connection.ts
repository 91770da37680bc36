import { DriverFailureError } from "@holdpoint/core/driver";

import type {
  PostgresClient,
  PostgresPool,
  PostgresPoolClient,
  PostgresResult,
  PostgresStatement,
  PostgresValue,
} from "./postgres-client.ts";
import { breaksConnection, isServerError, NotConnectedError } from "./postgres-error.ts";

/** Where the connections come from. */
export interface PostgresConnections {
  /** How many there are at most. */
  readonly max: number;
  /** @throws {NotConnectedError} if none can be had */
  lend(): Promise<PostgresPoolClient>;
  /** Asks the server to give up what the client waits for. Never rejects. */
  cancel?(client: PostgresPoolClient): Promise<void>;
  /** Told of a client whose server turned out not to be the primary. */
  leave?(client: PostgresPoolClient): void;
  close(): Promise<void>;
}

const noResult: PostgresResult = { rows: [], rowCount: null };
const readAsText = { getTypeParser: () => (text: string) => text };

/** Runs statements, each on a connection of its own for as long as it takes. */
export class PostgresConnection {
  readonly connections: PostgresConnections;

  constructor(connections: PostgresConnections) {
    this.connections = connections;
  }

  /**
   * Runs one statement, which is its own transaction.
   *
   * @throws whatever `pg` throws, the signal's reason, {@link NotConnectedError}, {@link DriverFailureError}
   */
  async run(text: string, values: readonly PostgresValue[], signal: AbortSignal): Promise<PostgresResult> {
    signal.throwIfAborted();
    const client = await this.#lend(signal);
    return await this.#runOn(client, { text, values: [...values], types: readAsText }, signal);
  }

  async close(): Promise<void> {
    await this.connections.close();
  }

  async #lend(signal: AbortSignal): Promise<PostgresPoolClient> {
    const lending = this.connections.lend();
    try {
      return await unlessAborted(lending, signal);
    } catch (error) {
      // It may still come, and nobody needs it then.
      lending.then(
        (client) => giveBack(client, false),
        () => undefined,
      );
      throw error;
    }
  }

  async #runOn(client: PostgresPoolClient, statement: PostgresStatement, signal: AbortSignal): Promise<PostgresResult> {
    try {
      assertNoTransaction(client);
      const results = await unlessAborted(client.query(statement), signal);
      const result = "rows" in results ? results : (results.at(-1) ?? noResult);
      if (result.rows[0]?.["standby"] === "t") throw standbyError();
      giveBack(client, false);
      return result;
    } catch (error) {
      if (signal.aborted && this.connections.cancel !== undefined) {
        // Otherwise it could wait for a lock for ever, and write when nobody expects it any more.
        void this.connections.cancel(client).then(() => giveBack(client, true));
      } else {
        if (isReadOnlyError(error)) this.connections.leave?.(client);
        giveBack(client, breaksConnection(error));
      }
      throw error;
    }
  }
}

/** What a promise comes to; rejects with the signal's reason if that aborts before. */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  // Each statement passes here twice, where `Promise.race` would make a promise for each that takes part.
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    void work.then(resolve, reject).then(() => signal.removeEventListener("abort", giveUp));
  });
}

// A connection that breaks says so twice: to the statement, and as an event that would end the process. A client that is
// lent has one owner, so that one listener will do for all.
function ignore(): void {}

/**
 * A client of the pool, whose events are listened to from the moment it is lent: a server that is shut down may say so in
 * the same bytes by which it lets the client in, before anything that is awaited goes on.
 */
export async function lendFrom<Client extends PostgresPoolClient>(pool: {
  connect(callback: (error: Error | undefined, client: Client | undefined) => void): void;
}): Promise<Client> {
  return await new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) {
        reject(error ?? new Error("the pool lends no client"));
        return;
      }
      client.on("error", ignore);
      resolve(client);
    });
  });
}

function giveBack(client: PostgresPoolClient, isBroken: boolean): void {
  client.release(isBroken);
  client.removeListener("error", ignore);
}

/** The connections of a pool that was handed in. */
export function connectionsOfPool(pool: PostgresPool): PostgresConnections {
  return {
    max: pool.options.max,
    lend: async () => {
      try {
        return await lendFrom(pool);
      } catch (error) {
        throw new NotConnectedError(error);
      }
    },
    close: async () => undefined,
  };
}

/** The one connection of a client that was handed in, for one statement after the other. */
export function connectionsOfClient(client: PostgresClient): PostgresConnections {
  let last = Promise.resolve();
  return {
    max: 1,
    lend: async () => {
      const before = last;
      const { promise, resolve } = Promise.withResolvers<void>();
      last = promise;
      await before;
      let isRunning: Promise<unknown> = Promise.resolve();
      return {
        query: async (statement) => {
          const answer = client.query(statement);
          isRunning = answer.catch(() => undefined);
          return await answer;
        },
        getTransactionStatus: () => client.getTransactionStatus?.() ?? null,
        // Only when it has ended: what was given up is still under way.
        release: () => void isRunning.then(() => resolve()),
        on: () => undefined,
        removeListener: () => undefined,
      };
    },
    close: async () => undefined,
  };
}

function assertNoTransaction(client: PostgresClient): void {
  const status = client.getTransactionStatus?.() ?? "I";
  if (status === "I") return;
  throw new DriverFailureError({
    code: "invalid-argument",
    retryable: false,
    outcome: "not-applied",
    message: "the client that was handed in is in a transaction, whose end would decide on what the store writes",
    remedy: "Hand in a client for the store alone, or a pool whose connections come back without a transaction.",
  });
}

function isReadOnlyError(error: unknown): boolean {
  return error instanceof StandbyError || (isServerError(error) && error.code === "25006");
}

/** The server is a standby, which may lag behind the primary. */
class StandbyError extends DriverFailureError {}

/** What is said of a server that only follows another. */
export function standbyError(): DriverFailureError {
  return new StandbyError({
    code: "unavailable",
    retryable: true,
    outcome: "not-applied",
    message: "the server is a standby, which may lag behind",
    remedy: "Name the primary, or all hosts, of which the primary is then found.",
  });
}
