import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

import { describe, expect, onTestFinished, test } from "vitest";

import { connectToNats } from "../src/nats-connect.ts";

const { version } = createRequire(import.meta.url)("@nats-io/transport-node/package.json") as {
  readonly version: string;
};

// What `nats-connect.ts` leans on, and the client does not document: its sockets are made within the call of `connect`, and
// Node.js tells of them.
describe(`@nats-io/transport-node ${version}`, () => {
  test("makes sockets that we learn of, so that those of a server that never greets are closed", async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket.on("error", () => undefined).resume()));
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const servers = [`127.0.0.1:${(silent.address() as AddressInfo).port}`];

    await expect(connectToNats({ bucket: "canary", servers }, 1_000, new AbortController().signal)).rejects.toThrow(
      "did not",
    );
    await expect.poll(() => sockets.length).toBeGreaterThan(0);
    await expect.poll(() => sockets.map((socket) => socket.readyState)).not.toContain("open");
  });
});
