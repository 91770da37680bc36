import { LineClient } from "./line-client.ts";
import type { LineAnswer, LineRequest } from "./line-server.ts";

/** How a pool treats its connections. */
export interface LinePoolOptions {
  /** How many connections are kept for later; of a server that says `Connection: close`, none. */
  readonly maxIdle: number;
  /** Whether a new connection asks the server something, and waits for the answer, before it is used. */
  readonly greets: boolean;
}

/** What a new connection asks for first. */
export const greetingKey = "greeting";

/** A client with a connection for each request that is under way. */
export class LinePool extends LineClient {
  readonly #address: string;
  readonly #options: LinePoolOptions;
  readonly #idle: LineClient[] = [];

  constructor(address: string, options: LinePoolOptions) {
    super(address);
    this.#address = address;
    this.#options = options;
  }

  override async request(request: Omit<LineRequest, "id">, signal: AbortSignal): Promise<LineAnswer> {
    const connection = this.#idle.pop() ?? new LineClient(this.#address);
    let isGood = false;
    try {
      if (this.#options.greets && !connection.isConnected) {
        await connection.request({ do: "get", key: greetingKey }, signal);
      }
      const answer = await connection.request(request, signal);
      isGood = true;
      return answer;
    } finally {
      if (isGood && this.#idle.length < this.#options.maxIdle) this.#idle.push(connection);
      else await connection.close();
    }
  }

  override async close(): Promise<void> {
    await Promise.all(this.#idle.map((connection) => connection.close()));
  }
}
