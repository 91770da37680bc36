import { connect } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import type { Fault, FaultOptions, PlannedFault } from "./fault.ts";
import type { ProxiedRequest, RequestReader } from "./request-reader.ts";
import { resetSocket } from "./reset-socket.ts";

/** What the connections of a proxy ask it. */
export interface ProxyRules {
  /** The fault that is caused to everything at the moment. */
  readonly standing: (FaultOptions & { readonly fault: Fault }) | undefined;
  /** Notes a request; returns the fault that is to be caused to it. */
  take(kind: "read" | "write" | "any"): PlannedFault | undefined;
  count(fault: Fault): void;
  /** Notes an error that a client must not see. */
  fail(error: unknown): void;
}

const defaultDelayMs = 200;
const defaultBytesPerSecond = 256 * 1024;
const throttledPieces = 20;

/** One connection of a client, together with the one to the server. */
export class ProxyConnection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #read: RequestReader;
  readonly #rules: ProxyRules;
  readonly #ended = new AbortController();
  /** Which way nothing passes any more. */
  #silence: "answers" | "both" | undefined;
  /** What is to happen when the server answers. */
  #awaited: { readonly planned: PlannedFault; readonly isAnswer: (bytes: Buffer) => boolean } | undefined;

  constructor(
    client: Socket,
    upstream: { readonly host: string; readonly port: number },
    read: RequestReader,
    rules: ProxyRules,
  ) {
    this.#client = client;
    this.#server = connect({ ...upstream, allowHalfOpen: true, noDelay: true });
    this.#read = read;
    this.#rules = rules;
    for (const socket of [this.#client, this.#server]) {
      // What breaks on one side breaks in the same way on the other.
      socket.on("error", () => this.cut());
      socket.on("close", () => this.#ended.abort());
    }
  }

  /** Whether a fault keeps this connection from ever being of use again. */
  get isSilent(): boolean {
    return this.#silence !== undefined;
  }

  /** Forwards until both sides are done. Never rejects. */
  async run(): Promise<void> {
    await Promise.all([this.#forward(this.#client, this.#server), this.#forward(this.#server, this.#client)]);
    this.#client.destroy();
    this.#server.destroy();
  }

  /** Resets both sides. */
  cut(): void {
    this.#ended.abort();
    for (const socket of [this.#client, this.#server]) resetSocket(socket);
  }

  async #forward(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        if (from === this.#client) await this.#onRequests(chunk as Buffer);
        else await this.#onAnswer(chunk as Buffer);
      }
      if (this.#silence === undefined) to.end();
      else if (from === this.#client) this.#server.destroy();
    } catch (error) {
      // Sockets that were reset, or a wait that was broken off by that, are no news.
      if (!this.#ended.signal.aborted) this.#rules.fail(error);
      this.cut();
    }
  }

  async #onRequests(chunk: Buffer): Promise<void> {
    await this.#stand();
    for (const request of this.#read(chunk)) {
      const planned = request.kind === "other" ? undefined : this.#rules.take(request.kind);
      if (this.#silence === "both") continue;
      if (planned === undefined) await this.#write(this.#server, request.bytes);
      else await this.#cause(planned, request);
    }
  }

  async #onAnswer(chunk: Buffer): Promise<void> {
    await this.#stand();
    if (this.#silence !== undefined) return;
    const { planned, isAnswer } = this.#awaited ?? {};
    if (planned === undefined || isAnswer?.(chunk) !== true) {
      await this.#write(this.#client, chunk);
      return;
    }
    this.#awaited = undefined;
    await this.#happens(planned);
    if (planned.fault === "half-open") {
      this.#silence = "answers";
      return;
    }
    if (planned.fault === "cut-within-answer") {
      await this.#write(this.#client, chunk.subarray(0, Math.floor(chunk.length / 2)));
    }
    this.cut();
  }

  /** Does to the connection what is done to all. */
  async #stand(): Promise<void> {
    const { standing } = this.#rules;
    if (standing?.fault === "delay") {
      this.#rules.count("delay");
      await this.#wait(standing.delayMs ?? defaultDelayMs);
    } else if (standing?.fault === "blackhole" || standing?.fault === "half-open") {
      if (this.#silence === undefined) this.#rules.count(standing.fault);
      this.#silence = standing.fault === "blackhole" ? "both" : (this.#silence ?? "answers");
    }
  }

  async #cause(planned: PlannedFault, { bytes, isAnswer = () => true, answerWith }: ProxiedRequest): Promise<void> {
    const { fault } = planned;
    switch (fault) {
      case "delay":
        await this.#happens(planned);
        await this.#wait(planned.delayMs ?? defaultDelayMs);
        await this.#write(this.#server, bytes);
        return;
      case "cut-before-request":
        await this.#happens(planned);
        this.cut();
        return;
      case "cut-within-request":
        await this.#happens(planned);
        await this.#write(this.#server, bytes.subarray(0, -1));
        this.cut();
        return;
      case "blackhole":
        this.#silence = "both";
        await this.#happens(planned);
        return;
      case "cut-after-commit":
      case "cut-within-answer":
      case "half-open":
        this.#awaited = { planned, isAnswer };
        await this.#write(this.#server, bytes);
        return;
      default: {
        await this.#happens(planned);
        const instead = answerWith?.(fault.slice("answer:".length));
        if (instead?.toServer !== undefined) await this.#write(this.#server, instead.toServer);
        if (instead?.toClient !== undefined) await this.#write(this.#client, instead.toClient);
        if (instead?.ends === true) {
          // Not reset, for that might overtake the answer.
          this.#silence = "both";
          this.#client.end();
        }
      }
    }
  }

  async #happens({ fault, meanwhile }: PlannedFault): Promise<void> {
    this.#rules.count(fault);
    try {
      await meanwhile?.();
    } catch (error) {
      this.#rules.fail(error);
    }
  }

  async #write(socket: Socket, bytes: Buffer): Promise<void> {
    const { standing } = this.#rules;
    if (standing?.fault !== "throttle") {
      await send(socket, bytes);
      return;
    }
    this.#rules.count("throttle");
    const bytesPerSecond = standing.bytesPerSecond ?? defaultBytesPerSecond;
    const pieceBytes = Math.max(1, Math.ceil(bytesPerSecond / throttledPieces));
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      const piece = bytes.subarray(start, start + pieceBytes);
      await send(socket, piece);
      await this.#wait((piece.length / bytesPerSecond) * 1_000);
    }
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ended.signal });
  }
}

/** Resolves when the bytes are handed over, or the socket is gone. */
function send(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed || bytes.length === 0) return Promise.resolve();
  return new Promise((resolve) => {
    socket.write(bytes, () => resolve());
  });
}
