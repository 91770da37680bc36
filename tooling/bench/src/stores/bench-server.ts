import type { ServerName } from "@holdpoint/test-servers";
import { startServer } from "@holdpoint/test-servers";

import type { CheckpointStore } from "@holdpoint/core";
import type { PlainStore } from "../plain-store.ts";

/** What is measured of one backend. */
export interface BackendUnderTest extends AsyncDisposable {
  readonly name: string;
  /** The server and where it came from. */
  readonly server: string;
  /** Ours, as the ledger takes it. */
  readonly store: CheckpointStore;
  /** Every contestant, the limit first. */
  readonly contestants: readonly PlainStore[];
  /** What tells a child process how to open the store. */
  readonly url: string;
  /** The server's own address; empty if there is none. */
  readonly address: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A server of our own, started as the tests start theirs, so that nobody else works on it. */
export async function startBenchServer(
  name: ServerName,
): Promise<AsyncDisposable & { readonly url: string; readonly origin: string }> {
  const server = await startServer(name, { own: true });
  if (server.kind === "running") return server;
  const reasons = server.reasons.map(({ source, reason }) => `  ${source}: ${reason}`).join("\n");
  throw new Error(`There is no ${name} server to measure on.\n${reasons}\n${server.remedy}`);
}

/** Closes all of them, one after the other. */
export async function closeAll(contestants: readonly PlainStore[]): Promise<void> {
  for (const contestant of contestants) await contestant.close();
}
