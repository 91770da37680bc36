import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** A TCP proxy on loopback that loses the answer to one request, after the server has carried it out. */
export interface CuttingProxy extends AsyncDisposable {
  readonly port: number;
  /** Ends the connection instead of passing on the answer to the next request that contains `word`; resolves when it has. */
  cutNext(word: string): Promise<void>;
  /** Refuses new connections until the result is called. */
  closeDoor(): () => void;
  /** Ends every connection. */
  cutAll(): void;
  /** What clients have sent so far. */
  sent(): string;
}

/** Starts a {@link CuttingProxy} in front of the server at `url`. */
export async function startCuttingProxy(url: string): Promise<CuttingProxy> {
  const target = { host: new URL(url).hostname, port: Number(new URL(url).port) };
  const sockets = new Set<Socket>();
  let sent = "";
  let isOpen = true;
  let cut: { readonly word: string; readonly done: () => void } | undefined;

  const server = createServer((client) => {
    if (!isOpen) {
      client.destroy();
      return;
    }
    const upstream = connect(target);
    let isCut = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (chunk: Buffer) => {
      const text = chunk.toString("latin1");
      sent += text;
      isCut ||= cut !== undefined && text.toLowerCase().includes(cut.word);
      upstream.write(chunk);
    });
    upstream.on("data", (chunk: Buffer) => {
      if (!isCut) {
        client.write(chunk);
        return;
      }
      client.destroy();
      cut?.done();
      cut = undefined;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cutNext: (word) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      cut = { word: word.toLowerCase(), done: resolve };
      return promise;
    },
    closeDoor: () => {
      isOpen = false;
      return () => {
        isOpen = true;
      };
    },
    cutAll,
    sent: () => sent,
    [Symbol.asyncDispose]: async () => {
      cutAll();
      server.close();
      await once(server, "close");
    },
  };
}
