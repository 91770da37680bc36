import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

import { expect, it, onTestFinished } from "vitest";

import { resetSocket } from "./reset-socket.ts";

async function connectedSockets(): Promise<{ readonly client: Socket; readonly peer: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  const [peer] = (await once(server, "connection")) as [Socket];
  if (client.connecting) await once(client, "connect");
  onTestFinished(() => {
    peer.destroy();
    server.close();
  });
  return { client, peer };
}

it("resets a connection, so that the other side meets an error", async () => {
  const { client, peer } = await connectedSockets();
  const failed = once(peer.resume(), "error");
  resetSocket(client);
  expect(await failed).toEqual([expect.objectContaining({ code: "ECONNRESET" })]);
});

it.each([
  { when: "at once", wait: () => undefined },
  { when: "in the next tick", wait: async () => await new Promise<void>((resolve) => process.nextTick(resolve)) },
])("closes a connection that is being ended, $when", async ({ wait }) => {
  const { client } = await connectedSockets();
  const closed = once(client, "close");
  client.end();
  await wait();
  resetSocket(client);
  await expect(closed).resolves.toEqual([false]);
});
