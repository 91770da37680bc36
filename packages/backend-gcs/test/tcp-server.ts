import { once } from "node:events";
import type { Socket } from "node:net";
import { createServer } from "node:net";

/** A TCP server on loopback that is no Cloud Storage. */
export interface TcpServer extends AsyncDisposable {
  readonly host: string;
  /** Resolves with the first connection, once it has sent something. */
  readonly connected: Promise<Socket>;
  /** How often a client has sent something. */
  received(): number;
}

/** Starts a server that answers whatever is sent with `answer`, or never. */
export async function startTcpServer(answer?: string): Promise<TcpServer> {
  const sockets = new Set<Socket>();
  const { promise: connected, resolve } = Promise.withResolvers<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", () => {
      count += 1;
      resolve(socket);
      if (answer !== undefined) socket.end(answer);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return {
    host: `127.0.0.1:${address.port}`,
    connected,
    received: () => count,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
