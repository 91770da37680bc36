import {
  PreconditionFailedError,
  defaultAttemptTimeoutMs,
  defaultMaxBodyBytes,
  DriverFailureError,
} from "@holdpoint/core/driver";
import type {
  CheckpointDriver,
  DriverContext,
  DriverFailure,
  DriverRecord,
  DriverWrite,
  ReadContext,
} from "@holdpoint/core/driver";
import type { Capabilities, CheckpointEntry, StoreFinding } from "@holdpoint/core";

import { Background } from "./nats-background.ts";
import { NatsBodies, corruptBody, maxBodyBytesFor } from "./nats-bodies.ts";
import { minMessageBytes, openBucket } from "./nats-bucket.ts";
import type { NatsBucket } from "./nats-bucket.ts";
import { JetStreamApiError, classifyNatsError, clientErrorKind, jetStreamErrors } from "./nats-error.ts";
import { bodyHeader, bodySizeHeader, isMarker, writeIdHeader } from "./nats-headers.ts";
import { inspectStream } from "./nats-inspection.ts";
import { JetStream } from "./nats-jetstream.ts";
import type { StoredMessage } from "./nats-jetstream.ts";
import { escapeNatsKey, natsKeyFilter, unescapeNatsKey } from "./nats-key.ts";
import { listValues } from "./nats-listing.ts";
import { locationOf } from "./nats-location.ts";
import type { NatsStoreOptions } from "./nats-options.ts";
import { NatsSession } from "./nats-session.ts";
import { formatVersion, parseVersion } from "./nats-version.ts";

const expectedSequenceHeader = "Nats-Expected-Last-Subject-Sequence";
const defaultMaxPayloadBytes = 1024 * 1024;
/** Room for what surrounds the headers in a message. */
const headerMarginBytes = 128;
/** How long a deletion is told to those who watch the bucket. Nothing else needs it. */
const markerTtlSeconds = 600;
/** For ever, as far as anybody will find out; the server computes in nanoseconds, and more of them overflow. */
const longestTtlSeconds = 100 * 365 * 24 * 3600;
const collectEveryMs = 60 * 60 * 1000;
/** How often a write may find that what it was told a moment before is no longer so. */
const maxRounds = 8;

/** Keeps each checkpoint as one entry of a NATS KV bucket. */
export class NatsDriver implements CheckpointDriver {
  readonly backend = "nats";
  readonly #options: NatsStoreOptions;
  readonly #prefix: string;
  readonly #session: NatsSession;
  readonly #jetStream: JetStream;
  readonly #background = new Background();
  #opened: { readonly bucket: NatsBucket; readonly bodies: NatsBodies } | undefined;
  #collectedAt = -Infinity;

  constructor(options: NatsStoreOptions) {
    const attemptTimeoutMs = options.attemptTimeoutMs ?? defaultAttemptTimeoutMs;
    this.#options = options;
    this.#prefix = options.prefix ?? "";
    this.#session = new NatsSession(options, attemptTimeoutMs);
    this.#jetStream = new JetStream(this.#session);
  }

  get location(): string {
    return locationOf(this.#session.servers, this.#options.bucket, this.#prefix);
  }

  /** What the bucket can do is known once `check` has opened it. */
  get capabilities(): Capabilities {
    return {
      conditionalDelete: true,
      ttl: this.#opened?.bucket.ttl === true,
      uniqueVersions: true,
      listsVersions: true,
      maxBodyBytes: Math.min(defaultMaxBodyBytes, maxBodyBytesFor(this.#messageBytes)),
    };
  }

  async read(key: string, context: ReadContext): Promise<DriverRecord | null> {
    const { bodies } = this.#open;
    const escapedKey = this.#escape(key);
    let seen: number | undefined;
    for (;;) {
      const entry = await this.#current(escapedKey, context.signal);
      if (entry === null) return null;
      const { sequence: revision, time: modifiedAt, headers } = entry;
      const bodyId = headers.get(bodyHeader);
      const body = bodyId === undefined ? entry.data : await bodies.read(escapedKey, bodyId, entry, context);
      if (body !== undefined) {
        const version = formatVersion({ revision, bodyId });
        return { body, version, writeId: headers.get(writeIdHeader), modifiedAt };
      }
      // The body is gone. Somebody has replaced the value meanwhile, so that there is another; or it is lost.
      if (revision === seen) throw corruptBody("is missing from the object store");
      seen = revision;
    }
  }

  async write(
    key: string,
    body: Uint8Array,
    { precondition, writeId, ttlMs }: DriverWrite,
    { signal }: DriverContext,
  ): Promise<{ readonly version: string }> {
    const { bodies } = this.#open;
    const escapedKey = this.#escape(key);
    const replaced = precondition.kind === "version" ? parseVersion(precondition.version) : undefined;
    // No value ever had such a version.
    if (precondition.kind === "version" && replaced === undefined) throw new PreconditionFailedError();
    const expected = precondition.kind === "absent" ? 0 : replaced?.revision;
    const ttlSeconds = ttlMs === undefined ? undefined : Math.min(Math.ceil(ttlMs / 1000), longestTtlSeconds);
    const headers = { [writeIdHeader]: writeId, ...this.#ttlHeaders(ttlSeconds) };
    let version: string;
    if (body.byteLength + sizeOf(headers) <= this.#messageBytes) {
      const revision = await this.#publish(escapedKey, body, headers, expected, signal);
      version = formatVersion({ revision, bodyId: undefined });
    } else {
      const options = { messageBytes: this.#messageBytes, ttlSeconds };
      const uploaded = await bodies.upload(escapedKey, body, options, signal);
      try {
        uploaded.assertFresh();
        const pointing = { ...headers, [bodyHeader]: uploaded.id, [bodySizeHeader]: String(body.byteLength) };
        const revision = await this.#publish(escapedKey, uploaded.pointer, pointing, expected, signal);
        version = formatVersion({ revision, bodyId: uploaded.id });
      } catch (error) {
        // When in doubt, the body stays: its entry may have been written. Nobody needs it if it was not, and then it is
        // collected.
        if (isNotApplied(error)) this.#release(escapedKey, uploaded.id);
        throw error;
      }
      this.#collectSometimes();
    }
    this.#release(escapedKey, replaced?.bodyId);
    return { version };
  }

  async remove(key: string, ifVersion: string | undefined, { signal }: DriverContext): Promise<boolean> {
    const escapedKey = this.#escape(key);
    if (ifVersion === undefined) return await this.#removeWhatever(escapedKey, signal);
    const version = parseVersion(ifVersion);
    try {
      // No value ever had such a version.
      if (version === undefined) throw new PreconditionFailedError();
      await this.#publishAt(escapedKey, new Uint8Array(), this.#markerHeaders(), version.revision, signal);
    } catch (error) {
      const isConflict = error instanceof PreconditionFailedError || isWrongSequence(error);
      if (isConflict && (await this.#current(escapedKey, signal)) === null) return false;
      throw error;
    }
    this.#release(escapedKey, version.bodyId);
    return true;
  }

  /** By this machine's clock and the server's, which may differ. */
  async timeToLive(key: string, { signal }: DriverContext): Promise<number | null> {
    const entry = await this.#current(this.#escape(key), signal);
    if (entry === null) return null;
    const seconds = entry.headers.get("Nats-TTL");
    if (seconds === undefined || seconds === "") return Infinity;
    return Math.max(0, entry.time.getTime() + Number(seconds) * 1000 - Date.now());
  }

  async *list(prefix: string, { signal }: DriverContext): AsyncIterable<readonly CheckpointEntry[]> {
    const { bucket } = this.#open;
    const source = {
      jetStream: this.#jetStream,
      bucket,
      inboxPrefix: this.#options.inboxPrefix ?? "_INBOX",
      severalFilters: isAtLeast(this.#session.serverVersion, 2, 10),
    };
    const wanted = this.#prefix + prefix;
    // No key is empty, so that what follows the store's own prefix is not the end of the subject.
    const filter = natsKeyFilter(prefix === "" ? `${wanted}?` : wanted);
    for await (const page of listValues(source, this.#subject(filter), signal)) {
      yield page.flatMap(({ escapedKey, ...entry }) => {
        const key = unescapeNatsKey(escapedKey);
        if (key?.startsWith(wanted) !== true || key.length === this.#prefix.length) return [];
        return [{ key: key.slice(this.#prefix.length), ...entry }];
      });
    }
  }

  async check({ signal }: DriverContext): Promise<void> {
    const { bucket: name, replicas, storage, access } = this.#options;
    // Who only looks creates no stream: under a misspelt name that would be an empty one.
    const create = (this.#options.create ?? true) && access !== "read";
    await this.#session.use(signal, async () => undefined);
    const version = this.#session.serverVersion;
    if (!isAtLeast(version, 2, 9)) throw tooOld(version);
    const bodies = this.#opened?.bodies;
    // A bucket that has vanished since it was opened is not made anew: an empty one would look as if nothing was ever
    // stored.
    const request = { name, replicas, storage, create: create && bodies === undefined };
    const bucket = await openBucket(this.#jetStream, request, signal);
    if (this.#messageBytes < minMessageBytes) throw smallMessages(this.#messageBytes);
    this.#opened = { bucket, bodies: bodies ?? new NatsBodies(this.#jetStream, bucket, create) };
  }

  async inspect({ signal }: DriverContext): Promise<readonly StoreFinding[]> {
    return inspectStream(await this.#jetStream.streamInfo(this.#open.bucket.stream, signal));
  }

  async close(): Promise<void> {
    await this.#background.close();
    await this.#session.close();
  }

  classify(error: unknown): DriverFailure {
    return classifyNatsError(error);
  }

  get #open(): { readonly bucket: NatsBucket; readonly bodies: NatsBodies } {
    if (this.#opened === undefined) throw new Error("the NATS bucket was not opened");
    return this.#opened;
  }

  /** How large one message may be, its headers included. */
  get #messageBytes(): number {
    const server = this.#session.maxPayloadBytes ?? defaultMaxPayloadBytes;
    return Math.min(server, this.#opened?.bucket.maxMessageBytes ?? Infinity);
  }

  #escape(key: string): string {
    return escapeNatsKey(this.#prefix + key);
  }

  #subject(escapedKey: string): string {
    return `$KV.${this.#options.bucket}.${escapedKey}`;
  }

  /** The entry of a key; `null` if there is none or it was deleted. */
  async #current(escapedKey: string, signal: AbortSignal): Promise<StoredMessage | null> {
    const { stream } = this.#open.bucket;
    const entry = await this.#jetStream.lastMessage(stream, this.#subject(escapedKey), signal);
    return entry === null || isMarker((name) => entry.headers.get(name)) ? null : entry;
  }

  /** Reads first: who deletes what is not there would leave a marker for nothing, and could not say so. */
  async #removeWhatever(escapedKey: string, signal: AbortSignal): Promise<boolean> {
    for (let round = 1; ; round += 1) {
      const entry = await this.#current(escapedKey, signal);
      if (entry === null) return false;
      try {
        await this.#publishAt(escapedKey, new Uint8Array(), this.#markerHeaders(), entry.sequence, signal);
        this.#release(escapedKey, entry.headers.get(bodyHeader));
        return true;
      } catch (error) {
        // Somebody has written since; that is deleted as well.
        if (!isWrongSequence(error)) throw error;
        if (round === maxRounds) throw busy(error);
      }
    }
  }

  /**
   * Stores an entry if the key's last revision is the expected one; 0 stands for none. One message, unless the key was
   * deleted before: then the marker that this left behind must be expected instead, and has to be looked for.
   */
  async #publish(
    escapedKey: string,
    content: Uint8Array,
    headers: Readonly<Record<string, string>>,
    expected: number | undefined,
    signal: AbortSignal,
  ): Promise<number> {
    let revision = expected;
    for (let round = 1; ; round += 1) {
      try {
        return await this.#publishAt(escapedKey, content, headers, revision, signal);
      } catch (error) {
        if (expected !== 0 || !isWrongSequence(error) || round === maxRounds) throw error;
        const subject = this.#subject(escapedKey);
        const last = await this.#jetStream.lastMessage(this.#open.bucket.stream, subject, signal);
        if (last !== null && !isMarker((name) => last.headers.get(name))) throw error;
        // A marker may itself have expired since.
        revision = last?.sequence ?? 0;
      }
    }
  }

  async #publishAt(
    escapedKey: string,
    content: Uint8Array,
    headers: Readonly<Record<string, string>>,
    expected: number | undefined,
    signal: AbortSignal,
  ): Promise<number> {
    const condition = expected === undefined ? {} : { [expectedSequenceHeader]: String(expected) };
    // No message id (Nats-Msg-Id): up to 2.10, a cluster confirms a repeated id while the first message is still on its
    // way and may yet be refused.
    try {
      return await this.#jetStream.publish(this.#subject(escapedKey), content, { ...headers, ...condition }, signal);
    } catch (error) {
      if (clientErrorKind(error) === "no-responders") {
        // Nobody listens on the bucket's subjects: has it been removed, or has it no leader at the moment?
        await this.#jetStream.streamInfo(this.#open.bucket.stream, signal);
      }
      throw error;
    }
  }

  #ttlHeaders(ttlSeconds: number | undefined): Readonly<Record<string, string>> {
    if (ttlSeconds === undefined) return {};
    return { "Nats-TTL": String(ttlSeconds), ...this.#rollupHeaders() };
  }

  /** Whatever else the key has in the bucket's history must not come back when the newest revision expires. */
  #rollupHeaders(): Readonly<Record<string, string>> {
    return this.#open.bucket.rollup ? { "Nats-Rollup": "sub" } : {};
  }

  #markerHeaders(): Readonly<Record<string, string>> {
    const { rollup, ttl } = this.#open.bucket;
    return {
      "KV-Operation": rollup ? "PURGE" : "DEL",
      ...this.#rollupHeaders(),
      ...(ttl ? { "Nats-TTL": String(markerTtlSeconds) } : {}),
    };
  }

  /** Removes a body that nothing points to any more, after the caller has gone on. */
  #release(escapedKey: string, bodyId: string | undefined): void {
    if (bodyId === undefined) return;
    const { bodies } = this.#open;
    this.#background.run((signal) => bodies.remove(escapedKey, bodyId, signal));
  }

  /** After the first large value that is written here, and then now and again. Who writes none pays nothing for it. */
  #collectSometimes(): void {
    const now = performance.now();
    if (now - this.#collectedAt < collectEveryMs) return;
    this.#collectedAt = now;
    const { bodies } = this.#open;
    this.#background.runUntilClosed(async (signal) => {
      const isCurrent = async (key: string, id: string): Promise<boolean> =>
        (await this.#current(key, signal))?.headers.get(bodyHeader) === id;
      await bodies.collect(isCurrent, signal);
    });
  }
}

function isWrongSequence(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.errorCode === jetStreamErrors.wrongLastSequence;
}

function isNotApplied(error: unknown): boolean {
  return classifyNatsError(error).outcome === "not-applied";
}

/** What headers take at most, the condition included that is added later. */
function sizeOf(headers: Readonly<Record<string, string>>): number {
  let bytes = headerMarginBytes;
  for (const [name, value] of Object.entries(headers)) bytes += name.length + value.length + ": \r\n".length;
  return bytes;
}

function isAtLeast(version: string | undefined, major: number, minor: number): boolean {
  const [foundMajor = 0, foundMinor = 0] = (version ?? "").split(".").map(Number);
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}

function busy(cause: unknown): DriverFailureError {
  const message = "others keep writing to the key, so that there was no moment to delete it";
  return new DriverFailureError({ code: "unavailable", retryable: true, outcome: "not-applied", message }, cause);
}

function tooOld(version: string | undefined): DriverFailureError {
  return new DriverFailureError({
    code: "unsupported",
    retryable: false,
    outcome: "not-applied",
    message: `the server is NATS ${version ?? "of an unknown version"}, and this store needs 2.9 or later`,
    remedy: "Upgrade the server.",
  });
}

function smallMessages(bytes: number): DriverFailureError {
  return new DriverFailureError({
    code: "unsupported",
    retryable: false,
    outcome: "not-applied",
    message: `the server takes messages of at most ${bytes} bytes (max_payload), and this store needs ${minMessageBytes}`,
    remedy: "Raise max_payload in the server's configuration.",
  });
}
