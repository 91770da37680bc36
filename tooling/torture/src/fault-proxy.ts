import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import type { FaultInjector } from "./fault-injector.ts";

const lingerMs = 100;

/** A proxy that breaks connections. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
}

/**
 * Starts a TCP proxy on loopback that forwards to whatever address the first line of a connection names, such as
 * `127.0.0.1:6379`, and does to it what the injector says. It knows no protocol: what a client sends at once counts as
 * one request, and the first bytes that come back as its answer.
 */
export async function startFaultProxy(injector: FaultInjector): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // Its other half is closed with it.
    socket.on("error", () => {});
  };
  const server = createServer({ noDelay: true }, (client) => {
    track(client);
    void forward(client, track, injector).catch(() => client.resetAndDestroy());
  });
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The fault proxy has no port.");
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function forward(client: Socket, track: (socket: Socket) => void, injector: FaultInjector): Promise<void> {
  const requests = client[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  const { target, rest } = await readTarget(requests);
  const upstream = connect({ ...target, noDelay: true });
  track(upstream);
  const link = new Link(client, upstream);
  if (rest.length > 0) upstream.write(rest);
  for (let request = await requests.next(); request.done !== true; request = await requests.next()) {
    if (!(await link.send(request.value, injector))) return;
  }
  upstream.end();
}

/** The address on the first line, and what follows the line. */
async function readTarget(
  requests: AsyncIterator<Buffer, undefined>,
): Promise<{ readonly target: { readonly host: string; readonly port: number }; readonly rest: Buffer }> {
  let received = Buffer.alloc(0);
  for (;;) {
    const end = received.indexOf("\n");
    if (end >= 0) {
      const line = received.toString("utf8", 0, end);
      const colon = line.lastIndexOf(":");
      const target = { host: line.slice(0, colon), port: Number(line.slice(colon + 1)) };
      return { target, rest: received.subarray(end + 1) };
    }
    const chunk = await requests.next();
    if (chunk.done === true) throw new Error("The connection ended before it had named its target.");
    received = Buffer.concat([received, chunk.value]);
  }
}

/** One client's connection to its server. */
class Link {
  readonly #client: Socket;
  readonly #upstream: Socket;
  #answers: "pass" | "drop" | "cut" = "pass";

  constructor(client: Socket, upstream: Socket) {
    this.#client = client;
    this.#upstream = upstream;
    upstream.on("data", (answer: Buffer) => {
      if (this.#answers === "cut") this.#cut();
      if (this.#answers === "pass" && !client.write(answer)) upstream.pause();
    });
    client.on("drain", () => upstream.resume());
    upstream.once("end", () => client.end());
    upstream.once("error", () => this.#cut());
    client.once("error", () => this.#cut());
    client.once("close", () => {
      // Closed at once, it might tell the server of the end before what was sent.
      if (this.#answers === "drop") setTimeout(() => upstream.destroy(), lingerMs);
      else upstream.destroy();
    });
  }

  /** Forwards what the client has sent; `false` once the connection is to carry nothing more. */
  async send(request: Buffer, injector: FaultInjector): Promise<boolean> {
    const fault = injector.next();
    switch (fault?.kind) {
      case undefined:
        break;
      case "delay":
        await sleep(fault.delayMs);
        break;
      case "cut before":
        this.#cut();
        return false;
      case "cut within":
        this.#answers = "drop";
        this.#upstream.end(request.subarray(0, Math.ceil(request.length / 2)));
        this.#client.resetAndDestroy();
        return false;
      case "cut unanswered":
        this.#answers = "drop";
        await this.#write(request);
        this.#upstream.end();
        this.#client.resetAndDestroy();
        return false;
      case "cut after commit":
        this.#answers = "cut";
        break;
      case "black hole":
        this.#answers = "drop";
        await sleep(fault.holeMs);
        this.#cut();
        return false;
    }
    await this.#write(request);
    return true;
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#upstream.write(bytes) || this.#upstream.destroyed) return;
    await Promise.race([once(this.#upstream, "drain"), once(this.#upstream, "close")]);
  }

  #cut(): void {
    this.#client.resetAndDestroy();
    this.#upstream.destroy();
  }
}
