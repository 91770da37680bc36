import { headers as createHeaders } from "@nats-io/transport-node";
import type { MsgHdrs } from "@nats-io/transport-node";

import { DriverFailureError } from "@holdpoint/core/driver";

import type { NatsMessage } from "./nats-client.ts";
import { JetStreamApiError, clientErrorKind, jetStreamErrors } from "./nats-error.ts";
import type { NatsSession } from "./nats-session.ts";

/** A message of a stream, as its leader has it. */
export interface StoredMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly time: Date;
  /** The headers as they were sent. */
  readonly headers: ReadonlyMap<string, string>;
  readonly data: Uint8Array;
}

/** What JetStream says about a stream. */
export interface StreamInfo {
  readonly config: Readonly<Record<string, unknown>>;
  readonly state: {
    readonly subjects?: Readonly<Record<string, number>>;
    readonly last_seq: number;
    readonly bytes?: number;
    readonly messages?: number;
  };
  /** How many subjects match the filter. */
  readonly total?: number;
  /** The server's time; servers before 2.10 do not say it. */
  readonly ts?: string;
}

/** The answer of JetStream to one message that was published. */
interface PublishAck {
  readonly stream: string;
  readonly seq: number;
}

/**
 * JetStream as requests and answers over a connection.
 *
 * The JetStream, KV and object store clients of `@nats-io` are not used: they bind to one generation of the connection,
 * read from replicas that may lag, send more than one message for a write, and cannot be interrupted. What is stored
 * has their format all the same.
 *
 * @see https://docs.nats.io/reference/reference-protocols/nats_api_reference
 */
export class JetStream {
  readonly session: NatsSession;
  #hasAnswered = false;

  constructor(session: NatsSession) {
    this.session = session;
  }

  /** Stores one message; resolves to its sequence in the stream. */
  async publish(
    subject: string,
    data: Uint8Array,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<number> {
    const messageHeaders = createHeaders();
    for (const [name, value] of Object.entries(headers)) messageHeaders.set(name, value);
    const ack = (await this.#request(subject, data, signal, messageHeaders)) as PublishAck;
    if (Number.isSafeInteger(ack.seq) && ack.seq > 0) return ack.seq;
    throw strangeAnswer();
  }

  /** The last message of a subject, which may have wildcards; `null` if there is none. Asks the leader of the stream. */
  async lastMessage(stream: string, subject: string, signal: AbortSignal): Promise<StoredMessage | null> {
    return await this.#message(stream, { last_by_subj: subject }, signal);
  }

  /** The message with a sequence; `null` if there is none (any more). Asks the leader of the stream. */
  async messageAt(stream: string, sequence: number, signal: AbortSignal): Promise<StoredMessage | null> {
    return await this.#message(stream, { seq: sequence }, signal);
  }

  /**
   * The content of the message with a sequence, if any replica has it at hand, without the detour through base64.
   * `undefined` says nothing: a replica may lag. What is found is right, for a sequence is never used again.
   *
   * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-31.md
   */
  async dataAt(
    stream: string,
    sequence: number,
    subject: string,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    try {
      const query = JSON.stringify({ seq: sequence });
      const message = await this.session.request(`$JS.API.DIRECT.GET.${stream}`, query, { signal });
      return message.headers?.get("Nats-Subject") === subject ? message.data : undefined;
    } catch (error) {
      // Not allowed by the stream, or not to this user.
      const kind = clientErrorKind(error);
      if (kind === "no-responders" || kind === "permissions") return undefined;
      throw error;
    }
  }

  /** @throws {JetStreamApiError} `streamNotFound` among others */
  async streamInfo(stream: string, signal: AbortSignal, query?: object): Promise<StreamInfo> {
    return (await this.api(`STREAM.INFO.${stream}`, query, signal)) as StreamInfo;
  }

  /** Removes every message of a subject. */
  async purge(stream: string, subject: string, signal: AbortSignal): Promise<void> {
    await this.api(`STREAM.PURGE.${stream}`, { filter: subject }, signal);
  }

  /** Any other request of the JetStream API. */
  async api(operation: string, body: object | undefined, signal: AbortSignal): Promise<unknown> {
    const subject = `$JS.API.${operation}`;
    try {
      const answer = await this.#request(subject, body === undefined ? "" : JSON.stringify(body), signal);
      this.#hasAnswered = true;
      return answer;
    } catch (error) {
      // Where JetStream has answered before, its servers are restarting or out of reach.
      if (!this.#hasAnswered && clientErrorKind(error) === "no-responders") throw notEnabled(error);
      throw error;
    }
  }

  /**
   * Asks for messages, and hands each that comes to `receive` until that returns `true`. Rejects if the connection is
   * lost on the way.
   */
  async receive(
    operation: string,
    body: object,
    inboxPrefix: string,
    signal: AbortSignal,
    receive: (message: NatsMessage) => boolean,
  ): Promise<void> {
    await this.session.use(signal, async (client, interrupted) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      // It may also fail after it has succeeded, or before anybody waits for it.
      promise.catch(() => undefined);
      const inbox = `${inboxPrefix}.${crypto.randomUUID()}`;
      const callback = (error: unknown, message: NatsMessage): void => {
        try {
          if (error !== null && error !== undefined) reject(error);
          else if (receive(message)) resolve();
        } catch (problem) {
          reject(problem);
        }
      };
      const subscription = client.subscribe(inbox, { callback });
      try {
        client.publish(`$JS.API.${operation}`, JSON.stringify(body), { reply: inbox });
        await Promise.race([promise, interrupted]);
      } finally {
        if (!client.isClosed()) subscription.unsubscribe();
      }
    });
  }

  // Not the "direct get", which any replica answers: one that lags would say that a value is not there, or hand out the
  // one before. Its price is that the value comes as base64, a third larger.
  async #message(stream: string, query: object, signal: AbortSignal): Promise<StoredMessage | null> {
    try {
      const answer = await this.api(`STREAM.MSG.GET.${stream}`, query, signal);
      return storedMessage((answer as { readonly message: RawMessage }).message);
    } catch (error) {
      if (error instanceof JetStreamApiError && error.errorCode === jetStreamErrors.noMessageFound) return null;
      throw error;
    }
  }

  async #request(
    subject: string,
    payload: Uint8Array | string,
    signal: AbortSignal,
    headers?: MsgHdrs,
  ): Promise<unknown> {
    const message = await this.session.request(subject, payload, { signal, headers });
    let answer: { readonly error?: ConstructorParameters<typeof JetStreamApiError>[0] };
    try {
      answer = JSON.parse(textOf(message.data)) as typeof answer;
    } catch {
      throw strangeAnswer();
    }
    if (answer.error !== undefined) throw new JetStreamApiError(answer.error);
    return answer;
  }
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString();
}

interface RawMessage {
  readonly subject: string;
  readonly seq: number;
  readonly time: string;
  readonly hdrs?: string;
  readonly data?: string;
}

function storedMessage(raw: RawMessage): StoredMessage {
  return {
    subject: raw.subject,
    sequence: raw.seq,
    time: new Date(raw.time),
    headers: new Map(
      Buffer.from(raw.hdrs ?? "", "base64")
        .toString()
        .split("\r\n")
        // The first line is the version of the protocol.
        .slice(1)
        .filter((line) => line.includes(":"))
        .map((line) => {
          const colon = line.indexOf(":");
          return [line.slice(0, colon), line.slice(colon + 1).trim()];
        }),
    ),
    data: ownBytes(Buffer.from(raw.data ?? "", "base64")),
  };
}

/** Copied where it is small, because a small buffer shares its memory with others. */
function ownBytes(bytes: Buffer): Uint8Array {
  return bytes.buffer.byteLength === bytes.byteLength ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes);
}

function notEnabled(cause: unknown): DriverFailureError {
  return new DriverFailureError(
    {
      code: "unsupported",
      retryable: false,
      outcome: "not-applied",
      message: "JetStream is not enabled on the server (no responders)",
      remedy: "Start the server with JetStream (nats-server -js), or use one that has it.",
    },
    cause,
  );
}

function strangeAnswer(): DriverFailureError {
  return new DriverFailureError({
    code: "unavailable",
    retryable: false,
    outcome: "unknown",
    message: "something other than JetStream has answered",
    remedy: "Look for a program that subscribes to the subjects of the bucket and replies.",
  });
}
