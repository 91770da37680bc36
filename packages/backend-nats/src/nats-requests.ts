import { randomUUID } from "node:crypto";

import { NoRespondersError, PermissionViolationError, TimeoutError } from "@nats-io/transport-node";
import type { MsgHdrs, NatsConnection } from "@nats-io/transport-node";

import type { NatsMessage } from "./nats-client.ts";

interface Waiting {
  readonly subject: string;
  readonly begunAt: number;
  readonly succeed: (message: NatsMessage) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Requests over one subscription that has the answers to all of them. The client's own `request` does the same, and makes
 * for each an error with a stack, a timer and a race besides.
 */
export class NatsRequests {
  readonly #connection: NatsConnection;
  readonly #inboxPrefix: string;
  readonly #timeoutMs: number;
  // In the order in which they were begun.
  readonly #waiting = new Map<string, Waiting>();
  #inbox: string | undefined;
  #count = 0;

  /** @param timeoutMs after which a request is given up whose signal does not end it */
  constructor(connection: NatsConnection, inboxPrefix: string, timeoutMs: number) {
    this.#connection = connection;
    this.#inboxPrefix = inboxPrefix;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects as soon as the signal aborts, or with what {@link fail} and {@link refuse} are told. */
  request(
    subject: string,
    payload: Uint8Array | string,
    signal: AbortSignal,
    headers: MsgHdrs | undefined,
  ): Promise<NatsMessage> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const begunAt = performance.now();
      this.#giveUp(begunAt - this.#timeoutMs);
      const inbox = (this.#inbox ??= this.#subscribe());
      this.#count += 1;
      const reply = `${inbox}${this.#count}`;
      const end = (): void => {
        this.#waiting.delete(reply);
        signal.removeEventListener("abort", onAbort);
      };
      const succeed = (message: NatsMessage): void => {
        end();
        resolve(message);
      };
      const fail = (error: unknown): void => {
        end();
        reject(error);
      };
      const onAbort = (): void => fail(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.set(reply, { subject, begunAt, succeed, fail });
      try {
        this.#connection.publish(subject, payload, headers === undefined ? { reply } : { reply, headers });
      } catch (error) {
        fail(error);
      }
    });
  }

  /** Ends all that wait. */
  fail(error: unknown): void {
    for (const waiting of this.#waiting.values()) waiting.fail(error);
  }

  /** Ends the request that the server has refused to take: it says so beside, and not as an answer. */
  refuse(error: unknown): void {
    if (!(error instanceof PermissionViolationError) || error.operation !== "publish") return;
    for (const { subject, fail } of this.#waiting.values()) {
      if (subject !== error.subject) continue;
      fail(error);
      return;
    }
  }

  /** Work that nobody waits for has no deadline: what was never answered is forgotten when others are begun. */
  #giveUp(begunBefore: number): void {
    for (const { begunAt, fail } of this.#waiting.values()) {
      if (begunAt >= begunBefore) return;
      fail(new TimeoutError());
    }
  }

  #subscribe(): string {
    const inbox = `${this.#inboxPrefix}.${randomUUID()}.`;
    this.#connection.subscribe(`${inbox}*`, {
      callback: (error, message) => {
        if (error !== null) {
          // The subscription has been refused, and is over.
          this.#inbox = undefined;
          this.fail(error);
          return;
        }
        const waiting = this.#waiting.get(message.subject);
        if (waiting === undefined) return;
        if (message.data.length === 0 && message.headers?.code === 503)
          waiting.fail(new NoRespondersError(waiting.subject));
        else waiting.succeed(message);
      },
    });
    return inbox;
  }
}
