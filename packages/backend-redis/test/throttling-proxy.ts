import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** A TCP proxy on loopback that passes on what clients send at a slow line's pace. */
export interface ThrottlingProxy extends AsyncDisposable {
  readonly port: number;
}

const tickMs = 50;

/** Starts a {@link ThrottlingProxy} in front of the server at `url`; each connection gets `bytesPerSecond`. */
export async function startThrottlingProxy(url: string, bytesPerSecond: number): Promise<ThrottlingProxy> {
  const target = { host: new URL(url).hostname, port: Number(new URL(url).port) };
  const bytesPerTick = Math.ceil((bytesPerSecond * tickMs) / 1_000);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target);
    upstream.pipe(client);
    // Reads no more than it passes on, so that the client's system is soon full.
    client.on("readable", () => undefined);
    const timer = setInterval(() => {
      const wanted = Math.min(bytesPerTick, client.readableLength);
      const chunk = wanted === 0 ? null : (client.read(wanted) as Buffer | null);
      if (chunk !== null) upstream.write(chunk);
    }, tickMs);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        clearInterval(timer);
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
