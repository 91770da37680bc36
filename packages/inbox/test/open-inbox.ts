import type { CheckpointStore } from "@holdpoint/core";
import type { Holds } from "@holdpoint/core/holds";
import { openStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";

import type { Refusal } from "../src/index.ts";
import { localLogin } from "../src/index.ts";
import type { ServeInboxOptions } from "../src/node.ts";
import { serveInbox } from "../src/node.ts";

/** An inbox that is served on a store in memory. */
export interface OpenInbox extends AsyncDisposable {
  readonly url: string;
  /** Where it listens. */
  readonly port: number;
  readonly store: CheckpointStore;
  readonly holds: Holds;
  /** A path of the inbox, as an address. */
  at(path: string): string;
  /** An address to log in at. */
  loginUrl(): string;
  /** The tokens that were printed. */
  readonly printed: readonly string[];
  readonly errors: readonly Error[];
  readonly refusals: readonly Refusal[];
}

/** Serves an inbox at a free port of this machine. */
export async function openInbox(options: Partial<ServeInboxOptions> = {}): Promise<OpenInbox> {
  const store = options.store ?? (await openStore("memory:"));
  const printed: string[] = [];
  const errors: Error[] = [];
  const local = localLogin({ person: "ada@laptop", print: (token) => void printed.push(token) });
  const refusals: Refusal[] = [];
  const served = await serveInbox({
    onError: (error) => void errors.push(error),
    onRefusal: (refusal) => void refusals.push(refusal),
    authentication: local,
    port: 0,
    ...options,
    store,
  });
  return {
    url: served.url,
    port: served.port,
    store,
    holds: createHolds(store),
    at: (path) => new URL(path, served.url).href,
    loginUrl: () => {
      local.printToken();
      return new URL(`login?${new URLSearchParams({ token: printed.at(-1) ?? "" }).toString()}`, served.url).href;
    },
    printed,
    errors,
    refusals,
    async [Symbol.asyncDispose]() {
      await served.close();
      if (options.store === undefined) await store.close();
    },
  };
}
