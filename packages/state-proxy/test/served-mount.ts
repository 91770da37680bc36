import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";

import { createActorLog } from "@holdpoint/actors";
import type { CheckpointStore } from "@holdpoint/core";

import { serveStateProxy } from "../src/serve-state-proxy.ts";
import type { ServeStateProxyOptions } from "../src/serve-state-proxy.ts";

/** A connector that a test serves in its own process. */
export interface ServedMount extends AsyncDisposable {
  readonly socketPath: string;
  readonly store: CheckpointStore;
  readonly logged: readonly string[];
}

/** Serves a store on a socket of its own until the caller leaves the block; the store is closed then. */
export async function serveMount(
  store: CheckpointStore,
  options: Partial<ServeStateProxyOptions> = {},
): Promise<ServedMount> {
  const directory = await mkdtemp(join(tmpdir(), "sp-"));
  const logged: string[] = [];
  const log = createActorLog({ actor: "state-proxy" }, { write: (line) => void logged.push(line) });
  const socketPath = join(directory, "meta.sock");
  const settings = { socketPath, handleSignals: false, shutdownGraceMs: 0, log, ...options };
  const server = await serveStateProxy(store, settings);
  return {
    socketPath,
    store,
    logged,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** An answer as it came over the socket. */
interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends one request as it stands. */
export async function ask(
  { socketPath }: { readonly socketPath: string },
  method: string,
  path: string,
  { body, headers }: { readonly body?: string | Uint8Array; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request({ socketPath, method, path, headers: { ...headers }, agent: false }, (response) => {
    const { statusCode: status, headers: given } = response;
    buffer(response).then((whole) => resolve({ status, headers: given, body: whole }), reject);
  });
  sent.once("error", reject);
  sent.end(body);
  return await promise;
}

/** Writes a value piece by piece, and resolves to the status of the answer. */
export async function send(
  { socketPath }: { readonly socketPath: string },
  path: string,
  body: AsyncIterable<Uint8Array>,
): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const sent = request({ socketPath, method: "PUT", path, agent: false }, (response) => {
    response.resume();
    resolve(response.statusCode);
  });
  sent.once("error", reject);
  await pipeline(body, sent);
  return await promise;
}
