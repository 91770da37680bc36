import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";

import type { LineAnswer, LineRequest } from "./line-server.ts";

/** The connection ended, or could not be made. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";
  /** Whether the server may have the request. */
  readonly wasSent: boolean;

  constructor(wasSent: boolean, cause: unknown) {
    super("the connection was lost", { cause });
    this.wasSent = wasSent;
  }
}

interface Waiting {
  readonly resolve: (answer: LineAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** One connection to a line server, made anew when it is needed. */
export class LineClient {
  readonly #address: string;
  readonly #waiting = new Map<number, Waiting>();
  #socket: Promise<Socket> | undefined;
  #requests = 0;

  constructor(address: string) {
    this.#address = address;
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  async request(request: Omit<LineRequest, "id">, signal: AbortSignal): Promise<LineAnswer> {
    const socket = await this.#connected();
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<LineAnswer>();
    const id = (this.#requests += 1);
    this.#waiting.set(id, { resolve, reject });
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      socket.write(`${JSON.stringify({ id, ...request })}\n`);
      return await promise;
    } finally {
      this.#waiting.delete(id);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async close(): Promise<void> {
    const socket = await this.#socket?.catch(() => undefined);
    socket?.destroy();
  }

  async #connected(): Promise<Socket> {
    this.#socket ??= this.#connect();
    return await this.#socket;
  }

  async #connect(): Promise<Socket> {
    const [host = "", port] = this.#address.split(":");
    const socket = connect({ host, port: Number(port), noDelay: true });
    let reason: unknown;
    socket.on("error", (error) => (reason = error));
    socket.on("close", () => {
      this.#socket = undefined;
      for (const { reject } of this.#waiting.values()) reject(new ConnectionLostError(true, reason));
      this.#waiting.clear();
    });
    let rest = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const answer = JSON.parse(line) as LineAnswer;
        this.#waiting.get(answer.id)?.resolve(answer);
      }
    });
    try {
      await once(socket, "connect");
    } catch (error) {
      throw new ConnectionLostError(false, error);
    }
    return socket;
  }
}
