import type { MemoryLease } from "@holdpoint/actors/serving";
import { CheckpointError } from "@holdpoint/core";
import type { Checkpoint, CheckpointStore, PutOptions } from "@holdpoint/core";

import { listDirectory } from "./list-directory.ts";
import type { DirectoryListing } from "./list-directory.ts";
import { keyNotFound, ProxyError } from "./proxy-error.ts";
import { SeenKeys } from "./seen-keys.ts";
import type { SeenKey } from "./seen-keys.ts";

/**
 * What a write may replace.
 *
 * - `lww`: whatever is there, so that the last writer wins
 * - `cas`: what the mount has read or written last of that key, and nothing else; what it has not seen it can only create
 */
export type WriteMode = "lww" | "cas";

/** What a write asks for beyond its mode. */
export interface WriteCondition {
  /** Only create. */
  readonly exclusive: boolean;
  /** The version that must be there, for a client that keeps versions itself. */
  readonly ifVersion: string | undefined;
}

/** What is known of a file without its value. */
interface FileState {
  readonly kind: "file";
  readonly sizeBytes: number;
  readonly version: string;
}

/** What is known of a key without its value. */
export type KeyState = FileState | { readonly kind: "directory" };

/** Who reads. */
export interface Reader {
  /** What the memory of bodies is taken from; released once the answer is sent. */
  readonly lease: MemoryLease;
  /** Aborts when the peer has gone. */
  readonly signal: AbortSignal;
}

// What is read of a file that is only asked about. Not 0: a small value that is not wanted costs more than to read it, on
// object stores a connection and on Redis a request.
const lookBytes = 64 * 1024;

// How large a value may be that is read in one go although nothing is known of it.
const firstReadBytes = 1024 * 1024;

// A change in between is met by trying again, and somebody else has to be this quick each time.
const maxAttributeAttempts = 5;

/** A store as one mount sees it: files by key, and in mode `cas` what the mount's user has seen of them. */
export class StateMount {
  readonly seen: SeenKeys;
  readonly #store: CheckpointStore;
  readonly #isCas: boolean;

  constructor(
    store: CheckpointStore,
    { mode, maxSeenKeys }: { readonly mode: WriteMode; readonly maxSeenKeys: number },
  ) {
    this.#store = store;
    this.#isCas = mode === "cas";
    this.seen = new SeenKeys(maxSeenKeys);
  }

  /** @throws {ProxyError} `key_not_found` */
  async read(key: string, reader: Reader): Promise<Checkpoint> {
    const current = await this.#get(key, reader);
    if (current !== null) return current;
    this.seen.forget(key);
    throw keyNotFound(key);
  }

  /** To be called once the user has a value: what is on its way to one who has gone was not seen. */
  delivered({ key, version, body }: Checkpoint): void {
    this.seen.remember(key, { version, sizeBytes: body.byteLength });
  }

  /** What a write that begins now may replace: what the user reads while it sends is not what it has made its value of. */
  beginWrite(key: string): SeenKey | undefined {
    return this.#isCas ? this.seen.get(key) : undefined;
  }

  /** @throws {ProxyError} `conflict` */
  async write(
    key: string,
    body: Uint8Array,
    condition: WriteCondition,
    seen: SeenKey | undefined,
  ): Promise<{ readonly version: string }> {
    try {
      const { version } = await this.#store.put(key, body, this.#precondition(condition, seen));
      this.seen.remember(key, { version, sizeBytes: body.byteLength });
      return { version };
    } catch (error) {
      if (!CheckpointError.is(error, "conflict")) throw error;
      // Only what this write has gone by: the user may have read the key anew meanwhile.
      if (this.seen.get(key) === seen) this.seen.forget(key);
      throw new ProxyError("conflict", this.#conflict(key, condition, seen), { cause: error });
    }
  }

  /** @throws {ProxyError} `key_not_found`, `conflict` */
  async remove(key: string, ifVersion: string | undefined, reader: Reader): Promise<void> {
    const expected = ifVersion ?? this.beginWrite(key)?.version;
    try {
      const removed =
        expected === undefined ? await this.#store.delete(key) : await this.#removeVersion(key, expected, reader);
      this.seen.forget(key);
      if (!removed) throw keyNotFound(key);
    } catch (error) {
      if (!CheckpointError.is(error, "conflict")) throw error;
      this.seen.forget(key);
      throw new ProxyError("conflict", `${JSON.stringify(key)} has changed, and was not removed. Read it again.`);
    }
  }

  /** @throws {ProxyError} `key_not_found` */
  async state(key: string, reader: Reader): Promise<KeyState> {
    if (key === "") return { kind: "directory" };
    const file = key.endsWith("/") ? null : await this.#look(key, reader);
    // Not remembered: who asks whether there is a file has not seen what is in it.
    if (file !== null) return file;
    this.seen.forget(key);
    if (await this.#isDirectory(key.endsWith("/") ? key : `${key}/`, reader.signal)) return { kind: "directory" };
    throw keyNotFound(key);
  }

  async list(prefix: string, delimiter: string, signal: AbortSignal): Promise<DirectoryListing> {
    return await listDirectory(this.#store, prefix, delimiter, signal);
  }

  /**
   * The names of a key's attributes.
   *
   * @throws {ProxyError} `key_not_found`
   */
  async attributes(key: string, reader: Reader): Promise<readonly string[]> {
    await this.#file(key, reader);
    return this.#store.capabilities.ttl ? ["version", "etag", "ttl"] : ["version", "etag"];
  }

  /** @throws {ProxyError} `key_not_found`, `unsupported_attribute`, `permission_denied` */
  async attribute(key: string, name: string, reader: Reader): Promise<string> {
    const { version } = await this.#file(key, reader);
    if (name === "version") return version;
    if (name === "etag") return etagOf(version);
    if (name !== "ttl" || !this.#store.capabilities.ttl) throw unknownAttribute(name);
    const leftMs = await this.#store.timeToLive?.(key, { signal: reader.signal });
    if (leftMs === undefined) throw new ProxyError("permission_denied", "This store's ttl can be set and not be read.");
    if (leftMs === null) throw keyNotFound(key);
    // As Redis says it, where -1 is for ever.
    return leftMs === Infinity ? "-1" : String(Math.ceil(leftMs / 1000));
  }

  /** @throws {ProxyError} `key_not_found`, `unsupported_attribute`, `permission_denied`, `bad_request`, `conflict` */
  async setAttribute(key: string, name: string, value: unknown, reader: Reader): Promise<void> {
    await this.#file(key, reader);
    if (name === "version" || name === "etag") {
      throw new ProxyError("permission_denied", `The attribute ${name} is read only.`);
    }
    if (name !== "ttl" || !this.#store.capabilities.ttl) throw unknownAttribute(name);
    const ttlMs = ttlOf(value);
    for (let attempt = 1; ; attempt += 1) {
      const current = await this.#get(key, reader);
      if (current === null) throw keyNotFound(key);
      const { body, version } = current;
      try {
        const written = await this.#store.put(key, body, {
          ifVersion: version,
          ...(ttlMs === undefined ? {} : { ttlMs }),
        });
        // The bytes are those that the user knows, if it knew these.
        if (this.seen.get(key)?.version === version) {
          this.seen.remember(key, { version: written.version, sizeBytes: body.byteLength });
        }
        return;
      } catch (error) {
        if (!CheckpointError.is(error, "conflict") || attempt === maxAttributeAttempts) throw error;
      }
    }
  }

  async #file(key: string, reader: Reader): Promise<FileState> {
    const file = await this.#look(key, reader);
    if (file === null) throw keyNotFound(key);
    return file;
  }

  /** Asks about a file. All of it is read only where nothing else tells its version. */
  async #look(key: string, reader: Reader): Promise<FileState | null> {
    const { lease, signal } = reader;
    await takeUpTo(lookBytes, lease);
    try {
      return fileOf(await this.#store.get(key, { signal, maxBytes: lookBytes }));
    } catch (error) {
      const { sizeBytes, version } = largerValue(error, lookBytes);
      if (version !== undefined) return { kind: "file", sizeBytes, version };
      return fileOf(await this.#get(key, reader, sizeBytes));
    }
  }

  /** Reads a value once there is room for it. One that is larger than was thought takes a second read. */
  async #get(
    key: string,
    { lease, signal }: Reader,
    expectedBytes = Math.max(firstReadBytes, this.seen.get(key)?.sizeBytes ?? 0),
  ): Promise<Checkpoint | null> {
    for (let maxBytes = expectedBytes; ;) {
      // With what it holds already it may go beyond the bound, one at a time: writes that hold all the rest may be waiting
      // for this very value, as where a program copies files.
      await takeUpTo(maxBytes, lease);
      try {
        const found = await this.#store.get(key, { signal, maxBytes });
        lease.settle(found?.body.byteLength ?? 0);
        return found;
      } catch (error) {
        maxBytes = largerValue(error, maxBytes).sizeBytes;
      }
    }
  }

  #precondition({ exclusive, ifVersion }: WriteCondition, seen: SeenKey | undefined): PutOptions {
    if (exclusive) return { ifAbsent: true };
    if (ifVersion !== undefined) return { ifVersion };
    if (!this.#isCas) return {};
    return seen === undefined ? { ifAbsent: true } : { ifVersion: seen.version };
  }

  #conflict(key: string, { exclusive, ifVersion }: WriteCondition, seen: SeenKey | undefined): string {
    const name = JSON.stringify(key);
    if (exclusive) return `${name} exists already.`;
    if (ifVersion !== undefined) return `${name} has another version than If-Match says; nothing was written.`;
    return seen === undefined
      ? `${name} exists, and this mount has not read it, or not lately; nothing was written. In mode cas, read what is to be replaced.`
      : `${name} has changed since this mount read or wrote it last; nothing was written. Read it again.`;
  }

  async #removeVersion(key: string, version: string, reader: Reader): Promise<boolean> {
    if (this.#store.capabilities.conditionalDelete) return await this.#store.delete(key, { ifVersion: version });
    // The server cannot compare, so a change in the moment between the two is lost.
    const current = await this.#look(key, reader);
    if (current === null) return false;
    if (current.version !== version) throw new CheckpointError("conflict", "The version is another one.");
    return await this.#store.delete(key);
  }

  async #isDirectory(prefix: string, signal: AbortSignal): Promise<boolean> {
    const entries = this.#store.list({ prefix, signal })[Symbol.asyncIterator]();
    try {
      const first = await entries.next();
      return first.done !== true;
    } catch (error) {
      // The file is certainly missing, which is what most ask for; who may not list sees no directories.
      if (CheckpointError.is(error, "permission-denied")) return false;
      throw error;
    } finally {
      await entries.return?.();
    }
  }
}

/** A version as the header `ETag` has it. */
export function etagOf(version: string): string {
  return JSON.stringify(version);
}

/** Resolves once so many bytes may be held in all. */
async function takeUpTo(bytes: number, lease: MemoryLease): Promise<void> {
  const missingBytes = bytes - lease.heldBytes;
  if (missingBytes > 0) await lease.take(missingBytes);
}

function fileOf(value: Checkpoint | null): FileState | null {
  return value && { kind: "file", sizeBytes: value.body.byteLength, version: value.version };
}

/**
 * What an error says of a value that is larger than was wanted.
 *
 * @throws any other error
 */
function largerValue(
  error: unknown,
  maxBytes: number,
): { readonly sizeBytes: number; readonly version: string | undefined } {
  const { sizeBytes, version } = CheckpointError.is(error, "too-large") ? error : {};
  if (sizeBytes === undefined || sizeBytes <= maxBytes) throw error;
  return { sizeBytes, version };
}

function unknownAttribute(name: string): ProxyError {
  return new ProxyError("unsupported_attribute", `There is no attribute ${JSON.stringify(name)} in this store.`);
}

/** Seconds, as Redis counts them; -1 is for ever. */
function ttlOf(value: unknown): number | undefined {
  const seconds = typeof value === "string" && /^(?:-1|\d{1,10})$/u.test(value.trim()) ? Number(value) : value;
  if (seconds === -1) return undefined;
  if (typeof seconds === "number" && Number.isSafeInteger(seconds) && seconds >= 1) return seconds * 1000;
  throw new ProxyError("bad_request", "A ttl is a whole number of seconds from 1, or -1 for none.");
}
