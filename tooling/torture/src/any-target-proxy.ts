import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

import type { FaultProtocolName } from "../../../packages/conformance/src/faults/fault-protocol.ts";
import type { Fault, RequestFault } from "../../../packages/conformance/src/faults/fault.ts";
import { startFaultProxy } from "../../../packages/conformance/src/faults/fault-proxy.ts";
import { resetSocket } from "../../../packages/conformance/src/faults/reset-socket.ts";
import type { FaultInjector } from "./fault-injector.ts";

/** What the connections to a store are told apart by. */
export interface FaultSettings {
  readonly protocol: FaultProtocolName;
  /** Faults that a server of this kind does not cause. @default none */
  readonly impossible?: readonly Fault[] | undefined;
}

/** A proxy that breaks connections. */
export interface AnyTargetProxy extends AsyncDisposable {
  readonly port: number;
}

/**
 * Starts a proxy on loopback that forwards each connection to whatever address its first line names, such as
 * `127.0.0.1:6379`, through a fault proxy of its own that does what the injector says.
 */
export async function startAnyTargetProxy(settings: FaultSettings, injector: FaultInjector): Promise<AnyTargetProxy> {
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    clients.add(client);
    client.once("close", () => clients.delete(client));
    client.on("error", () => client.destroy());
    void forward(client, settings, injector).catch(() => resetSocket(client));
  });
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const client of clients) client.destroy();
      await closed;
    },
  };
}

async function forward(client: Socket, settings: FaultSettings, injector: FaultInjector): Promise<void> {
  const { protocol, impossible = [] } = settings;
  const { target, rest } = await readTarget(client);
  await using proxy = await startFaultProxy({ target, protocol });
  // Its process may have been killed meanwhile.
  if (client.destroyed) return;
  const possible = proxy.faults.filter((fault): fault is RequestFault => !impossible.includes(fault));
  proxy.choose(() => injector.next(possible, () => resetSocket(client)));
  const url = new URL(`tcp://${proxy.address}`);
  const onward = connect({ host: url.hostname, port: Number(url.port), allowHalfOpen: true, noDelay: true });
  const ended = Promise.all([untilClosed(client), untilClosed(onward)]);
  onward.once("error", () => resetSocket(client));
  client.once("close", () => onward.destroy());
  onward.write(rest);
  client.pipe(onward);
  onward.pipe(client);
  await ended;
}

/** Resolves once the socket is closed, however it came to that. */
function untilClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    socket.once("close", () => resolve());
  });
}

/** The address on the first line, and what follows the line. */
async function readTarget(client: Socket): Promise<{ readonly target: string; readonly rest: Buffer }> {
  let received = Buffer.alloc(0);
  for await (const chunk of client.iterator({ destroyOnReturn: false })) {
    received = Buffer.concat([received, chunk as Buffer]);
    const end = received.indexOf("\n");
    if (end >= 0) return { target: received.toString("utf8", 0, end), rest: received.subarray(end + 1) };
  }
  throw new Error("The connection ended before it had named its target.");
}
