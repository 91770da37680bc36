import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** A TCP proxy that breaks connections where it hurts most. */
export interface FaultProxy extends AsyncDisposable {
  readonly address: string;
  /**
   * Breaks the connection of the next client that sends `text`, as soon as the server has answered and before the client
   * has the answer. Resolves when that has happened.
   */
  cutBeforeAnswerTo(text: string): Promise<void>;
}

/** Starts a proxy in front of `host:port`. */
export async function startFaultProxy(target: URL): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  let fault: { readonly text: string; readonly done: () => void } | undefined;

  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    let cut: (() => void) | undefined;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (chunk) => {
      if (fault !== undefined && chunk.includes(fault.text)) {
        cut = fault.done;
        fault = undefined;
      }
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (cut === undefined) client.write(chunk);
      // A server may greet or ping in between; what it says of a request comes as a message.
      else if (chunk.includes("MSG ")) {
        client.resetAndDestroy();
        cut();
      }
    });
  });
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutBeforeAnswerTo: async (text) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      fault = { text, done: resolve };
      await promise;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
