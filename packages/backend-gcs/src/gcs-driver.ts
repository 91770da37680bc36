import { randomUUID } from "node:crypto";

import type { Capabilities, CheckpointEntry, DirectoryEntry, StoreFinding } from "@holdpoint/core";
import { defaultMaxBodyBytes, directoryEntry, DriverFailureError } from "@holdpoint/core/driver";
import type {
  CheckpointDriver,
  DriverContext,
  DriverFailure,
  DriverRecord,
  DriverWrite,
  KeyNames,
  Precondition,
  ReadContext,
} from "@holdpoint/core/driver";

import type { GcsBucket, GcsPage } from "./gcs-bucket.ts";
import { classifyGcsError, GcsAnswerError, hasStatus } from "./gcs-error.ts";
import { inspectBucket } from "./gcs-inspection.ts";
import { impossibleGeneration, probeServer, tryImpossibleUpload } from "./gcs-probe.ts";
import type { GcsTransport } from "./gcs-transport.ts";

/** What a {@link GcsDriver} is made of. */
export interface GcsDriverSettings {
  readonly transport: GcsTransport;
  readonly bucket: GcsBucket;
  readonly location: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
  readonly names: KeyNames;
  /** Whether this is Google's service, of which is known what it does; any other server is probed. */
  readonly isGoogle: boolean;
  readonly unsafeAllowMissingPreconditions: boolean;
  /** Whether the server is not tried out by writing, as for the option `access` of stores. @default false */
  readonly isReadOnly?: boolean | undefined;
}

/** One object for each key; an object's generation is the version. */
export class GcsDriver implements CheckpointDriver {
  readonly backend = "gcs";
  readonly location: string;
  /** Of a server that is not Google's, known after the first `check`. */
  capabilities: Capabilities;
  // One connection each.
  readonly maxConcurrency = 50;
  readonly #settings: GcsDriverSettings;
  readonly #bucket: GcsBucket;
  #probed: boolean;

  constructor(settings: GcsDriverSettings) {
    this.#settings = settings;
    this.#bucket = settings.bucket;
    this.#probed = settings.isGoogle;
    this.location = settings.location;
    this.capabilities = {
      conditionalDelete: settings.isGoogle,
      ttl: false,
      uniqueVersions: true,
      listsVersions: true,
      maxBodyBytes: defaultMaxBodyBytes,
    };
  }

  async read(key: string, { signal, maxBytes }: Omit<ReadContext, "durable">): Promise<DriverRecord | null> {
    const object = await this.#bucket.read(this.#nameOf(key), signal, maxBytes);
    if (object === null) return null;
    const { body, generation, writeId, modifiedAt } = object;
    return { body, version: generation, writeId, modifiedAt };
  }

  async write(
    key: string,
    body: Uint8Array,
    { precondition, writeId }: DriverWrite,
    { signal }: DriverContext,
  ): Promise<{ readonly version: string }> {
    return { version: await this.#bucket.upload(this.#nameOf(key), body, writeId, conditionOf(precondition), signal) };
  }

  async remove(key: string, ifVersion: string | undefined, { signal }: DriverContext): Promise<boolean> {
    const name = this.#nameOf(key);
    if (ifVersion === undefined) return await this.#bucket.delete(name, undefined, signal);
    try {
      return await this.#bucket.delete(name, generationOf(ifVersion), signal);
    } catch (error) {
      // Whether a precondition on what does not exist is a 404 or a 412 is not documented, and servers differ.
      if (hasStatus(error, 412) && (await this.#bucket.isMissing(name, signal))) return false;
      throw error;
    }
  }

  async *list(prefix: string, { signal }: DriverContext): AsyncIterable<readonly CheckpointEntry[]> {
    for await (const { items } of this.#pages(this.#settings.names.prefixOf(prefix), false, signal)) {
      yield items.flatMap(({ name, sizeBytes, modifiedAt, generation: version }) => {
        const key = this.#keyOf(name);
        return key?.startsWith(prefix) === true ? [{ key, sizeBytes, modifiedAt, version }] : [];
      });
    }
  }

  async *listDirectory(prefix: string, { signal }: DriverContext): AsyncIterable<readonly DirectoryEntry[]> {
    const { names, prefix: ownPrefix } = this.#settings;
    const starts = names.prefixesOf(prefix);
    for (const [index, start] of starts.entries()) {
      const placed = ({ items }: GcsPage): readonly DirectoryEntry[] =>
        items.flatMap((item) => {
          const name = item.name.slice(ownPrefix.length);
          if (starts.slice(0, index).some((earlier) => name.startsWith(earlier))) return [];
          const key = names.keyOf(name);
          return key?.startsWith(prefix) === true ? [directoryEntry(key, prefix)] : [];
        });
      for await (const page of this.#pages(start, true, signal)) {
        yield placed(page);
        for (const group of page.groups) {
          const name = group.slice(ownPrefix.length);
          const directory = names.directoryOf(name);
          if (directory?.startsWith(prefix) === true) yield [directoryEntry(directory, prefix)];
          // Somebody else's names.
          if (directory === undefined) for await (const inner of this.#pages(name, false, signal)) yield placed(inner);
        }
      }
    }
  }

  async check({ signal }: DriverContext): Promise<void> {
    const { prefix, unsafeAllowMissingPreconditions } = this.#settings;
    if (this.#settings.isReadOnly === true) return await this.#checkReading(signal);
    let honoured: boolean;
    if (this.#probed) {
      // No key has a name with a leading dot.
      honoured = await tryImpossibleUpload(this.#bucket, `${prefix}.holdpoint-check`, signal);
    } else {
      const findings = await probeServer(this.#bucket, `${prefix}.holdpoint-probe-${randomUUID()}`, signal);
      honoured = findings.honoursUploadPreconditions;
      this.capabilities = { ...this.capabilities, conditionalDelete: findings.honoursDeletePreconditions };
      this.#probed = true;
    }
    if (!honoured && !unsafeAllowMissingPreconditions) throw new DriverFailureError(missingPreconditionsFailure);
  }

  /** Reads an object that is never there. Who may not list gets a 403 for it; then the first read tells. */
  async #checkReading(signal: AbortSignal): Promise<void> {
    const { prefix, isGoogle } = this.#settings;
    const name = `${prefix}.holdpoint-check`;
    try {
      await this.#bucket.read(name, signal);
      // Google's service tells a bucket that is not there from an object; of others a listing tells.
      if (!isGoogle) await this.#bucket.list({ prefix: name, pageToken: undefined, grouped: false }, signal);
    } catch (error) {
      if (!hasStatus(error, 403)) throw error;
    }
  }

  async inspect({ signal }: DriverContext): Promise<readonly StoreFinding[]> {
    return await inspectBucket(this.#bucket, this.#settings.prefix, signal);
  }

  async close(): Promise<void> {
    this.#settings.transport.close();
  }

  classify(error: unknown): DriverFailure {
    const wasAnswered = error instanceof GcsAnswerError || error instanceof DriverFailureError;
    return this.#settings.transport.closed && !wasAnswered ? closedFailure : classifyGcsError(error);
  }

  async *#pages(start: string, grouped: boolean, signal: AbortSignal): AsyncIterable<GcsPage> {
    const prefix = this.#settings.prefix + start;
    let pageToken: string | undefined;
    do {
      const page = await this.#bucket.list({ prefix, pageToken, grouped }, signal);
      yield page;
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
  }

  #keyOf(name: string): string | undefined {
    return this.#settings.names.keyOf(name.slice(this.#settings.prefix.length));
  }

  #nameOf(key: string): string {
    return this.#settings.prefix + this.#settings.names.nameOf(key);
  }
}

function conditionOf(precondition: Precondition): string | undefined {
  if (precondition.kind === "any") return undefined;
  return precondition.kind === "absent" ? "0" : generationOf(precondition.version);
}

/** A version that cannot be a generation holds for nothing. "0" above all: to the server it means that there is no object. */
function generationOf(version: string): string {
  return /^[1-9]\d{0,18}$/u.test(version) ? version : impossibleGeneration;
}

const missingPreconditionsFailure: DriverFailure = {
  code: "unsupported",
  retryable: false,
  outcome: "not-applied",
  message: "the server ignores the precondition ifGenerationMatch, so that a task could be resumed twice",
  remedy:
    "Use a server that honours it (Google's service does), or accept the danger with the option unsafeAllowMissingPreconditions.",
};

const closedFailure: DriverFailure = {
  code: "closed",
  retryable: false,
  outcome: "unknown",
  message: "the store was closed meanwhile",
};
