/** Preloaded into the load command: stores that do under load what none may, each under a scheme named for it. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";

import type { Checkpoint, CheckpointEntry, ListOptions, PutOptions } from "@holdpoint/core";
import { createFileStore, createMemoryStore, registerBackend } from "@holdpoint/core";

import { ForwardingStore } from "../../packages/conformance/test/known-bad/forwarding-store.ts";

type PutResult = Promise<{ readonly version: string }>;

/** Says that it has written, and now and then has not. */
class Forgetful extends ForwardingStore {
  #puts = 0;

  override async put(key: string, body: Uint8Array, options?: PutOptions): PutResult {
    this.#puts += 1;
    return this.#puts % 100 === 0 ? { version: "forgotten" } : await super.put(key, body, options);
  }
}

/** Holds all that it lists until the listing ends. */
class Hoarding extends ForwardingStore {
  override async *list(options?: ListOptions): AsyncIterable<CheckpointEntry> {
    const held: (Checkpoint | null)[] = [];
    for await (const { key } of super.list(options)) held.push(await this.get(key));
    for (const checkpoint of held) if (checkpoint !== null) yield checkpoint;
    // What is used below is not collected above.
    held.length = 0;
  }
}

/** Keeps all that it was given. */
class Leaking extends ForwardingStore {
  readonly #kept: Uint8Array[] = [];

  override async put(key: string, body: Uint8Array, options?: PutOptions): PutResult {
    this.#kept.push(body);
    return await super.put(key, body, options);
  }
}

/** Works on few at once, and on the latest comer first. */
class Unfair extends ForwardingStore {
  readonly #waiting: (() => void)[] = [];
  #free = 4;

  override async put(key: string, body: Uint8Array, options?: PutOptions): PutResult {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    try {
      await new Promise(setImmediate);
      return await super.put(key, body, options);
    } finally {
      const next = this.#waiting.pop();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

/** Opens a connection for each write, and closes it afterwards. */
class Wasteful extends ForwardingStore {
  override async put(key: string, body: Uint8Array, options?: PutOptions): PutResult {
    const socket = connect(await sinkPort(), "127.0.0.1");
    await once(socket, "connect");
    const result = await super.put(key, body, options);
    socket.resume().end();
    await once(socket, "close");
    return result;
  }
}

/** Opens a connection for each write too, but one after the other. */
class Churning extends Wasteful {
  #last: Promise<unknown> = Promise.resolve();

  override async put(key: string, body: Uint8Array, options?: PutOptions): PutResult {
    const result = this.#last.then(() => super.put(key, body, options));
    this.#last = result.catch(() => undefined);
    return await result;
  }
}

let sink: Promise<number> | undefined;

/** Where connections may be opened to no purpose. */
async function sinkPort(): Promise<number> {
  sink ??= (async () => {
    const server = createServer((socket) => socket.resume());
    await once(server.listen(0, "127.0.0.1"), "listening");
    server.unref();
    return (server.address() as AddressInfo).port;
  })();
  return await sink;
}

const badStores = {
  forgetful: Forgetful,
  hoarding: Hoarding,
  leaking: Leaking,
  unfair: Unfair,
  wasteful: Wasteful,
  churning: Churning,
};

for (const [scheme, Store] of Object.entries(badStores)) {
  registerBackend<{ readonly directory: string }>({
    name: scheme,
    schemes: [scheme],
    parseUrl: ({ pathname }) => ({ directory: pathname }),
    open: async ({ directory }) =>
      new Store(await (directory === "" ? createMemoryStore() : createFileStore({ directory }))),
  });
}
