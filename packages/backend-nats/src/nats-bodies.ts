import { createHash, randomUUID } from "node:crypto";
import { types } from "node:util";

import { BodyTooLargeError, defaultMaxBodyBytes, DriverFailureError } from "@holdpoint/core/driver";
import type { ReadContext } from "@holdpoint/core/driver";

import type { NatsBucket } from "./nats-bucket.ts";
import { assertKeepsPromises, openStream } from "./nats-bucket.ts";
import type { JetStream, StoredMessage } from "./nats-jetstream.ts";
import { formatVersion } from "./nats-version.ts";

/** What the KV entry of a large value says about it. */
interface BodyPointer {
  readonly size: number;
  readonly digest: string;
  /** The sequences of its chunks in the stream of bodies. */
  readonly chunks: readonly number[];
}

/** A body that was uploaded and that nothing points to yet. */
export interface UploadedBody {
  readonly id: string;
  /** The content of the KV entry that makes it the value. */
  readonly pointer: Uint8Array;
  /** @throws {DriverFailureError} if so much time has passed that the body may have been taken for an orphan */
  assertFresh(): void;
}

/** What the object stores of the official clients take, too. */
const largestChunkBytes = 128 * 1024;
/** How many chunks are on their way at a time. */
const window = 32;
/** What one read of a socket yields at most. */
const largestReadBytes = 64 * 1024;
/** A body that nothing points to and that is older than this was left behind by a crash or a lost answer. */
const orphanAgeMs = 60 * 60 * 1000;
/** An upload that took longer is given up, long before anybody could take it for an orphan. */
const longestUploadMs = orphanAgeMs / 2;
/** How much longer a body lives than the entry that points to it. */
const ttlMarginSeconds = (2 * orphanAgeMs) / 1000;

const bodyId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;

/**
 * Values that are too large for one message, kept as objects of the JetStream object store `<bucket>-bodies`.
 *
 * An object belongs to one attempt at one write and never changes: the KV entry that points to it makes it the value of
 * its key, all at once. Its name begins with the escaped key, so that whoever finds it can look whether it is in use.
 *
 * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-20.md
 */
export class NatsBodies {
  readonly #jetStream: JetStream;
  readonly #bucket: NatsBucket;
  readonly #create: boolean;
  readonly #name: string;
  readonly #stream: string;
  #opened: { readonly ttl: boolean; readonly messageBytes: number } | undefined;

  /** @param create whether the object store may be created when it is first needed */
  constructor(jetStream: JetStream, bucket: NatsBucket, create: boolean) {
    this.#jetStream = jetStream;
    this.#bucket = bucket;
    this.#create = create;
    this.#name = `${bucket.name}-bodies`;
    this.#stream = `OBJ_${this.#name}`;
  }

  /** Uploads a body for an escaped key. */
  async upload(
    key: string,
    body: Uint8Array,
    options: { readonly messageBytes: number; readonly ttlSeconds: number | undefined },
    signal: AbortSignal,
  ): Promise<UploadedBody> {
    const startedAt = performance.now();
    this.#opened ??= await this.#open(signal);
    const { ttl, messageBytes } = this.#opened;
    const id = randomUUID();
    const chunkBytes = chunkSize(Math.min(options.messageBytes, messageBytes));
    const headers =
      ttl && options.ttlSeconds !== undefined ? { "Nats-TTL": String(options.ttlSeconds + ttlMarginSeconds) } : {};
    const chunks: number[] = [];
    try {
      await inOrder(
        Math.ceil(body.byteLength / chunkBytes),
        (index) =>
          this.#jetStream.publish(
            this.#chunkSubject(key, id),
            body.subarray(index * chunkBytes, (index + 1) * chunkBytes),
            headers,
            signal,
          ),
        (sequence) => void chunks.push(sequence),
      );
    } catch (error) {
      // Its stream may be gone: it is looked for again the next time.
      this.#opened = undefined;
      throw error;
    }
    // Official clients read the chunks in the order of the stream.
    if (chunks.some((sequence, index) => sequence <= (chunks[index - 1] ?? 0))) throw outOfOrder();
    const pointer: BodyPointer = { size: body.byteLength, digest: digestOf(body), chunks };
    const info = {
      name: id,
      description: key,
      options: { max_chunk_size: chunkBytes },
      bucket: this.#name,
      nuid: `${key}.${id}`,
      size: pointer.size,
      chunks: chunks.length,
      digest: pointer.digest,
      mtime: new Date().toISOString(),
      deleted: false,
    };
    const rollup = { ...headers, "Nats-Rollup": "sub" };
    await this.#jetStream.publish(this.#infoSubject(id), Buffer.from(JSON.stringify(info)), rollup, signal);
    return {
      id,
      pointer: Buffer.from(JSON.stringify(pointer)),
      assertFresh: () => {
        if (performance.now() - startedAt > longestUploadMs) throw tooSlow();
      },
    };
  }

  /**
   * The body that a KV entry points to; `undefined` if it is gone, because the entry was replaced in the meantime.
   *
   * @throws {DriverFailureError} `corrupt` if it is not what was uploaded
   * @throws {BodyTooLargeError}
   */
  async read(
    key: string,
    id: string,
    entry: StoredMessage,
    { signal, maxBytes = Infinity }: Omit<ReadContext, "durable">,
  ): Promise<Uint8Array | undefined> {
    const { size, digest, chunks } = parsePointer(entry);
    if (size > maxBytes) {
      throw new BodyTooLargeError(size, formatVersion({ revision: entry.sequence, bodyId: id }));
    }
    const subject = this.#chunkSubject(key, id);
    // Not filled with zeros first, since what is handed out has the digest of what was written.
    const body = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
    let offset = 0;
    let isGone = false;
    // Put where it belongs as it comes, so that a large body is in memory once and not twice.
    const take = (part: Uint8Array | undefined): void => {
      isGone ||= part === undefined;
      if (part === undefined || isGone) return;
      if (offset + part.byteLength > size) throw corruptBody("is longer than it was");
      body.set(part, offset);
      offset += part.byteLength;
      release(part);
    };
    await inOrder(chunks.length, async (index) => await this.#chunk(chunks[index] ?? 0, subject, signal), take);
    if (isGone) return undefined;
    if (digestOf(body) !== digest) throw corruptBody("does not have the digest that was recorded with it");
    return body;
  }

  /** Removes a body that nothing points to any more. */
  async remove(key: string, id: string, signal: AbortSignal): Promise<void> {
    if (!bodyId.test(id)) return;
    // The description first: chunks without one are found by `collect`, a description without chunks would stay.
    await this.#jetStream.purge(this.#stream, this.#infoSubject(id), signal);
    await this.#jetStream.purge(this.#stream, this.#chunkSubject(key, id), signal);
  }

  /**
   * Removes the bodies that nothing points to and that no write can be working on any more: what crashes, lost answers,
   * unconditional overwrites, expiry and other clients have left behind.
   *
   * @param isCurrent whether the entry of an escaped key points to a body
   */
  async collect(
    isCurrent: (key: string, id: string) => Promise<boolean>,
    signal: AbortSignal,
    minAgeMs = orphanAgeMs,
  ): Promise<void> {
    const root = `$O.${this.#name}.C.`;
    const orphans: (readonly [key: string, id: string])[] = [];
    for (let offset = 0; ;) {
      const query = { subjects_filter: `${root}>`, offset };
      const { state, total = 0, ts } = await this.#jetStream.streamInfo(this.#stream, signal, query);
      // Both times are a server's, so that a wrong clock here harms nobody.
      const now = ts === undefined ? Date.now() : Date.parse(ts);
      const subjects = Object.keys(state.subjects ?? {});
      for (const subject of subjects) {
        const dot = subject.lastIndexOf(".");
        const [key, id] = [subject.slice(root.length, dot), subject.slice(dot + 1)];
        if (key === "" || !bodyId.test(id) || (await isCurrent(key, id))) continue;
        const last = await this.#jetStream.lastMessage(this.#stream, subject, signal);
        if (last !== null && now - last.time.getTime() >= minAgeMs) orphans.push([key, id]);
      }
      offset += subjects.length;
      if (subjects.length === 0 || offset >= total) break;
    }
    // Not before: a removal would shift the pages.
    for (const [key, id] of orphans) await this.remove(key, id, signal);
  }

  async #chunk(sequence: number, subject: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const data = await this.#jetStream.dataAt(this.#stream, sequence, subject, signal);
    if (data !== undefined) return data;
    const message = await this.#jetStream.messageAt(this.#stream, sequence, signal);
    return message?.subject === subject ? message.data : undefined;
  }

  #chunkSubject(key: string, id: string): string {
    return `$O.${this.#name}.C.${key}.${id}`;
  }

  #infoSubject(id: string): string {
    return `$O.${this.#name}.M.${base64Url(Buffer.from(id))}`;
  }

  /** The stream is made when the first large value is written, so that who has none needs no permission for it. */
  async #open(signal: AbortSignal): Promise<{ readonly ttl: boolean; readonly messageBytes: number }> {
    const { replicas, storage } = this.#bucket;
    const request = { name: this.#name, create: this.#create, replicas, storage };
    const subjects = [`$O.${this.#name}.C.>`, `$O.${this.#name}.M.>`];
    const description = `Large values of the KV bucket ${this.#bucket.name}`;
    const config = await openStream(this.#jetStream, { stream: this.#stream, subjects, description }, request, signal);
    assertKeepsPromises({ ...request, replicas: undefined }, config, subjects);
    const messageBytes = Number(config["max_msg_size"]);
    return { ttl: config["allow_msg_ttl"] === true, messageBytes: messageBytes > 0 ? messageBytes : Infinity };
  }
}

/** The largest body whose pointer still fits into one message. */
export function maxBodyBytesFor(messageBytes: number): number {
  const sequenceDigits = 20;
  const chunks = Math.floor((messageBytes - 2_048) / (sequenceDigits + 1));
  return chunks * chunkSize(messageBytes);
}

function chunkSize(messageBytes: number): number {
  return Math.min(largestChunkBytes, messageBytes - 1_024);
}

/** Runs `work` for 0 to `count` - 1, begun in that order, with a few at a time; `take` gets the results in that order. */
async function inOrder<Result>(
  count: number,
  work: (index: number) => Promise<Result>,
  take: (result: Result) => void,
): Promise<void> {
  const underWay: Promise<Result>[] = [];
  for (let index = 0; index < count; index += 1) {
    const one = work(index);
    // Its failure is met below, maybe after that of another.
    one.catch(() => undefined);
    underWay.push(one);
    const first = underWay.length === window ? underWay.shift() : undefined;
    if (first !== undefined) take(await first);
  }
  for (const one of underWay) take(await one);
}

/** Gives the memory of a part back, which would else add up to several times the body before it is collected. */
function release({ buffer, byteLength }: Uint8Array): void {
  // A view into what was read from the socket may share it with other messages. One that is larger cannot be such a
  // view: the client has put it together for this message.
  if (byteLength > largestReadBytes && types.isArrayBuffer(buffer)) buffer.transfer(0);
}

function digestOf(body: Uint8Array): string {
  return `SHA-256=${base64Url(createHash("sha256").update(body).digest())}`;
}

// With padding, which `base64url` leaves out: names and digests of the object store have it.
function base64Url(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

function parsePointer(entry: StoredMessage): BodyPointer {
  try {
    const { size, digest, chunks } = JSON.parse(Buffer.from(entry.data).toString()) as BodyPointer;
    const isSize = Number.isSafeInteger(size) && size >= 0 && size <= defaultMaxBodyBytes;
    if (isSize && typeof digest === "string" && chunks.every(Number.isSafeInteger)) return { size, digest, chunks };
  } catch {
    // Said below.
  }
  throw corruptBody("cannot be found, since the entry that points to it is damaged");
}

/** A large value that is not what was written. */
export function corruptBody(problem: string): DriverFailureError {
  return new DriverFailureError({
    code: "corrupt",
    retryable: false,
    outcome: "not-applied",
    message: `the large value ${problem}`,
    remedy: "Restore it from a backup, or delete the key.",
  });
}

function outOfOrder(): DriverFailureError {
  return new DriverFailureError({
    code: "unavailable",
    retryable: true,
    outcome: "not-applied",
    message: "the parts of the value reached the server out of order",
  });
}

function tooSlow(): DriverFailureError {
  return new DriverFailureError({
    code: "timeout",
    retryable: false,
    outcome: "not-applied",
    message: `the upload of the value took longer than ${longestUploadMs} ms`,
  });
}
