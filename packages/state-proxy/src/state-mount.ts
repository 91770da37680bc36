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

/** What is known of a key without its value. */
export type KeyState =
  | { readonly kind: "file"; readonly sizeBytes: number; readonly version: string }
  | { readonly kind: "directory" };

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
  async read(key: string, signal: AbortSignal): Promise<Checkpoint> {
    const current = await this.#store.get(key, { signal });
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
  async remove(key: string, ifVersion: string | undefined): Promise<void> {
    const expected = ifVersion ?? this.beginWrite(key)?.version;
    try {
      const removed = expected === undefined ? await this.#store.delete(key) : await this.#removeVersion(key, expected);
      this.seen.forget(key);
      if (!removed) throw keyNotFound(key);
    } catch (error) {
      if (!CheckpointError.is(error, "conflict")) throw error;
      this.seen.forget(key);
      throw new ProxyError("conflict", `${JSON.stringify(key)} has changed, and was not removed. Read it again.`);
    }
  }

  /** @throws {ProxyError} `key_not_found` */
  async state(key: string, signal: AbortSignal): Promise<KeyState> {
    if (key === "") return { kind: "directory" };
    const current = key.endsWith("/") ? null : await this.#store.get(key, { signal });
    // Not remembered: who asks whether there is a file has not seen what is in it.
    if (current !== null) return { kind: "file", sizeBytes: current.body.byteLength, version: current.version };
    this.seen.forget(key);
    if (await this.#isDirectory(key.endsWith("/") ? key : `${key}/`, signal)) return { kind: "directory" };
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
  async attributes(key: string, signal: AbortSignal): Promise<readonly string[]> {
    await this.#current(key, signal);
    return this.#store.capabilities.ttl ? ["version", "etag", "ttl"] : ["version", "etag"];
  }

  /** @throws {ProxyError} `key_not_found`, `unsupported_attribute`, `permission_denied` */
  async attribute(key: string, name: string, signal: AbortSignal): Promise<string> {
    const { version } = await this.#current(key, signal);
    if (name === "version") return version;
    if (name === "etag") return etagOf(version);
    if (name !== "ttl" || !this.#store.capabilities.ttl) throw unknownAttribute(name);
    const leftMs = await this.#store.timeToLive?.(key, { signal });
    if (leftMs === undefined) throw new ProxyError("permission_denied", "This store's ttl can be set and not be read.");
    if (leftMs === null) throw keyNotFound(key);
    // As Redis says it, where -1 is for ever.
    return leftMs === Infinity ? "-1" : String(Math.ceil(leftMs / 1000));
  }

  /** @throws {ProxyError} `key_not_found`, `unsupported_attribute`, `permission_denied`, `bad_request`, `conflict` */
  async setAttribute(key: string, name: string, value: unknown, signal: AbortSignal): Promise<void> {
    await this.#current(key, signal);
    if (name === "version" || name === "etag") {
      throw new ProxyError("permission_denied", `The attribute ${name} is read only.`);
    }
    if (name !== "ttl" || !this.#store.capabilities.ttl) throw unknownAttribute(name);
    const ttlMs = ttlOf(value);
    for (let attempt = 1; ; attempt += 1) {
      const { body, version } = await this.#current(key, signal);
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

  async #current(key: string, signal: AbortSignal): Promise<Checkpoint> {
    const current = await this.#store.get(key, { signal });
    if (current === null) throw keyNotFound(key);
    return current;
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

  async #removeVersion(key: string, version: string): Promise<boolean> {
    if (this.#store.capabilities.conditionalDelete) return await this.#store.delete(key, { ifVersion: version });
    // The server cannot compare, so a change in the moment between the two is lost.
    const current = await this.#store.get(key);
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
