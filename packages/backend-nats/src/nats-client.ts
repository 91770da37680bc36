/** The part of a NATS message that this package reads. */
export interface NatsMessage {
  readonly subject: string;
  readonly reply?: string | undefined;
  readonly data: Uint8Array;
  readonly headers?: { readonly code: number; readonly description: string; get(name: string): string } | undefined;
}

/**
 * The part of a NATS connection that this package uses. A `NatsConnection` of `@nats-io/transport-node` 3.x is one, and
 * so is a `NatsConnection` of the package `nats` 2.x.
 *
 * @throws errors of its own package, which the store turns into a `CheckpointError`
 * @example
 * ```ts
 * import { connect } from "nats";
 *
 * const client: NatsClient = await connect({ servers: "127.0.0.1:4222" });
 * ```
 */
export interface NatsClient {
  readonly info?: { readonly version: string; readonly max_payload: number } | undefined;
  request(
    subject: string,
    payload: Uint8Array | string,
    options?: { timeout: number; headers?: unknown },
  ): Promise<NatsMessage>;
  publish(subject: string, payload: Uint8Array | string, options?: { reply: string }): void;
  subscribe(
    subject: string,
    options?: { callback: (error: unknown, message: NatsMessage) => void },
  ): { unsubscribe(): void };
  status(): AsyncIterable<{ readonly type: string }>;
  getServer(): string;
  isClosed(): boolean;
}
