import type { CheckpointStore } from "@holdpoint/core";
import type { Holds } from "@holdpoint/core/holds";
import { openStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";

import { localLogin } from "../src/index.ts";
import type { ServeInboxOptions } from "../src/node.ts";
import { serveInbox } from "../src/node.ts";

/** An inbox that is served on a store in memory. */
export interface OpenInbox extends AsyncDisposable {
  readonly url: string;
  readonly store: CheckpointStore;
  readonly holds: Holds;
  /** A path of the inbox, as an address. */
  at(path: string): string;
  /** An address to log in at. */
  loginUrl(): string;
  /** The tokens that were printed. */
  readonly printed: readonly string[];
  readonly errors: readonly Error[];
}

/** Serves an inbox at a free port of this machine. */
export async function openInbox(options: Partial<ServeInboxOptions> = {}): Promise<OpenInbox> {
  const store = options.store ?? (await openStore("memory:"));
  const printed: string[] = [];
  const errors: Error[] = [];
  const authentication =
    options.authentication ?? localLogin({ person: "ada@laptop", print: (token) => void printed.push(token) });
  const served = await serveInbox({
    onError: (error) => void errors.push(error),
    ...options,
    store,
    authentication,
    port: 0,
  });
  return {
    url: served.url,
    store,
    holds: createHolds(store),
    at: (path) => new URL(path, served.url).href,
    loginUrl: () => {
      authentication.printToken();
      return new URL(`login?${new URLSearchParams({ token: printed.at(-1) ?? "" }).toString()}`, served.url).href;
    },
    printed,
    errors,
    async [Symbol.asyncDispose]() {
      await served.close();
      if (options.store === undefined) await store.close();
    },
  };
}
