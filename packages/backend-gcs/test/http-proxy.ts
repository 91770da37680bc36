import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, request as sendRequest } from "node:http";
import { buffer } from "node:stream/consumers";

/** What {@link startHttpProxy} changes. */
export interface HttpProxySettings {
  /** Headers of answers that are left out. */
  readonly dropHeaders?: RegExp | undefined;
  /** Whether the connection is cut once the server has answered a request. */
  readonly cut?: ((request: IncomingMessage) => boolean | Promise<boolean>) | undefined;
  /** Takes a connection for idle after each download, so that the next request on it is met by its end. */
  readonly closesIdle?: boolean | undefined;
  /** Whether the connection is cut in the middle of an answer's body. */
  readonly cutBody?: ((request: IncomingMessage) => boolean) | undefined;
}

/** A proxy on loopback. */
export interface HttpProxy extends AsyncDisposable {
  readonly url: string;
  /** Method and path of every request so far. */
  readonly requests: string[];
}

/** Starts a proxy in front of a real server that loses parts of its answers. */
export async function startHttpProxy(target: string, settings: HttpProxySettings = {}): Promise<HttpProxy> {
  const requests: string[] = [];
  const idle = new WeakSet<object>();
  const server = createServer((request, response) => {
    const forward = async (): Promise<void> => {
      if (idle.has(request.socket)) return void request.socket.destroy();
      if (settings.closesIdle === true && request.url?.includes("alt=media") === true) idle.add(request.socket);
      requests.push(`${request.method} ${request.url}`);
      const body = await buffer(request);
      const { method, headers } = request;
      const upstream = sendRequest(`${target}${request.url}`, { method: method ?? "GET", headers });
      upstream.end(body);
      const [answer] = (await once(upstream, "response")) as [IncomingMessage];
      const bytes = await buffer(answer);
      if ((await settings.cut?.(request)) === true) return void request.socket.destroy();
      const kept = Object.entries(answer.headers).filter(([name]) => settings.dropHeaders?.test(name) !== true);
      response.writeHead(answer.statusCode ?? 500, { ...Object.fromEntries(kept), "content-length": bytes.byteLength });
      if (settings.cutBody?.(request) === true) {
        response.write(bytes.subarray(0, bytes.byteLength / 2), () => request.socket.destroy());
        return;
      }
      response.end(bytes);
    };
    forward().catch(() => request.socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
