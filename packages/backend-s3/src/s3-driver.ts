import { randomUUID } from "node:crypto";

import { defaultMaxBodyBytes, directoryEntry, DriverFailureError } from "@holdpoint/core/driver";
import type {
  CheckpointDriver,
  DriverContext,
  DriverFailure,
  DriverRecord,
  DriverWrite,
  KeyNames,
  ReadContext,
} from "@holdpoint/core/driver";
import type { Capabilities, CheckpointEntry, DirectoryEntry, StoreFinding } from "@holdpoint/core";

import { isAwsHost } from "./aws-host.ts";
import type { ObjectClient, ObjectPage } from "./object-client.ts";
import { probePreconditions } from "./precondition-probe.ts";
import { classifyFailure } from "./s3-error.ts";
import type { S3Operation } from "./s3-error.ts";
import { inspectBucket } from "./s3-inspection.ts";
import { digestOf, etagOfVersion, isDigest, versionOfEtag } from "./s3-version.ts";

/** What a driver is made of. */
export interface S3DriverSettings {
  readonly backend: string;
  readonly location: string;
  readonly client: ObjectClient;
  /** What every object name begins with: nothing, or a path and a slash. */
  readonly namePrefix: string;
  readonly names: KeyNames;
  readonly unsafeAllowMissingPreconditions: boolean;
  /** Whether the server is not tried out by writing, as for the option `access` of stores. */
  readonly isReadOnly: boolean;
}

/** Keeps each checkpoint as one object: the body as it is, the write id in its metadata, the ETag as its version. */
export class S3Driver implements CheckpointDriver {
  readonly backend: string;
  readonly location: string;
  // As many as the AWS SDK has connections; the minio client would open one for each.
  // https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/node-configuring-maxsockets.html
  readonly maxConcurrency = 50;
  readonly #client: ObjectClient;
  readonly #namePrefix: string;
  readonly #names: KeyNames;
  readonly #isReadOnly: boolean;
  readonly #mayMissPreconditions: boolean;
  readonly #operations = new WeakMap<object, S3Operation>();
  #serverIsKnown = false;
  #conditionalDelete = false;
  #removalTells = false;
  /** Never so for AWS, whose reads are consistent. */
  #etagsAreDigests = false;

  constructor(settings: S3DriverSettings) {
    this.backend = settings.backend;
    this.location = settings.location;
    this.#client = settings.client;
    this.#namePrefix = settings.namePrefix;
    this.#names = settings.names;
    this.#mayMissPreconditions = settings.unsafeAllowMissingPreconditions;
    this.#isReadOnly = settings.isReadOnly;
  }

  /** Complete only after the first {@link check}. */
  get capabilities(): Capabilities {
    return {
      conditionalDelete: this.#conditionalDelete,
      ttl: false,
      // The ETag of a plain object is a digest of its bytes.
      // https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
      uniqueVersions: false,
      listsVersions: true,
      maxBodyBytes: defaultMaxBodyBytes,
    };
  }

  async read(key: string, context: ReadContext): Promise<DriverRecord | null> {
    return await this.#during("read", async () => {
      try {
        return await this.#readConsistently(this.#name(key), context);
      } catch (error) {
        // Only this code is certain: a bare 404 may be a proxy's, a 403 may be either.
        if (this.#client.explain(error).code === "NoSuchKey") return null;
        throw error;
      }
    });
  }

  async write(
    key: string,
    body: Uint8Array,
    write: DriverWrite,
    { signal }: DriverContext,
  ): Promise<{ version: string }> {
    const { precondition, writeId } = write;
    return await this.#during("write", async () => {
      const headers = {
        writeId,
        ifNoneMatch: precondition.kind === "absent" ? ("*" as const) : undefined,
        ifMatch: precondition.kind === "version" ? etagOfVersion(precondition.version) : undefined,
      };
      return { version: versionOfEtag(await this.#client.write(this.#name(key), body, headers, signal)) };
    });
  }

  async remove(key: string, ifVersion: string | undefined, { signal }: DriverContext): Promise<boolean> {
    const name = this.#name(key);
    return await this.#during("remove", async () => {
      // A plain DELETE answers 204 whether or not there was an object.
      if (ifVersion !== undefined) {
        return await this.#finds(() => this.#client.remove(name, etagOfVersion(ifVersion), signal));
      }
      if (this.#removalTells) {
        const answer = await this.#ask(() => this.#client.remove(name, "*", signal), "PreconditionFailed");
        if (answer !== "denied") return answer === "found";
      } else if ((await this.#ask(() => this.#client.find(name, signal))) === "missing") {
        return false;
      }
      // If S3 did not say whether there was an object (403), this is no promise: only `false` has to be certain.
      return await this.#removes(name, signal);
    });
  }

  async *list(prefix: string, { signal }: DriverContext): AsyncIterable<readonly CheckpointEntry[]> {
    for await (const { objects } of this.#pages(this.#names.prefixOf(prefix), false, signal)) {
      yield objects.flatMap(({ name, sizeBytes, modifiedAt, etag }) => {
        const key = this.#keyOf(name);
        return key?.startsWith(prefix) === true ? [{ key, sizeBytes, modifiedAt, version: versionOfEtag(etag) }] : [];
      });
    }
  }

  async *listDirectory(prefix: string, { signal }: DriverContext): AsyncIterable<readonly DirectoryEntry[]> {
    const starts = this.#names.prefixesOf(prefix);
    for (const [index, start] of starts.entries()) {
      const placed = ({ objects }: ObjectPage): readonly DirectoryEntry[] =>
        objects.flatMap(({ name }) => {
          const own = name.slice(this.#namePrefix.length);
          if (starts.slice(0, index).some((earlier) => own.startsWith(earlier))) return [];
          const key = this.#names.keyOf(own);
          return key?.startsWith(prefix) === true ? [directoryEntry(key, prefix)] : [];
        });
      for await (const page of this.#pages(start, true, signal)) {
        yield placed(page);
        for (const group of page.groups) {
          const name = group.slice(this.#namePrefix.length);
          const directory = this.#names.directoryOf(name);
          if (directory?.startsWith(prefix) === true) yield [directoryEntry(directory, prefix)];
          // Some of the names of long keys, or somebody else's.
          if (directory === undefined) for await (const inner of this.#pages(name, false, signal)) yield placed(inner);
        }
      }
    }
  }

  /** The first time, also finds out what a server that is not AWS makes of preconditions. */
  async check({ signal }: DriverContext): Promise<void> {
    await this.#during("check", async () => {
      // For an object that is never there: that needs no permission which the store does not need anyway.
      await this.#ask(() => this.#client.find(`${this.#namePrefix}.holdpoint-check`, signal));
      if (this.#serverIsKnown || this.#isReadOnly) return;
      if (isAwsHost(this.#client.host)) {
        this.#conditionalDelete = this.#client.canRemoveConditionally;
        // Not so elsewhere: versitygw, for one, compares "*" with the ETag.
        this.#removalTells = this.#client.canRemoveConditionally;
      } else {
        // No key has such a name: a "." at the beginning is escaped.
        const scratchName = `${this.#namePrefix}.holdpoint-probe-${randomUUID()}`;
        const { problems, conditionalDelete, etagsAreDigests } = await probePreconditions(
          this.#client,
          scratchName,
          signal,
        );
        if (problems.length > 0 && !this.#mayMissPreconditions) throw new MissingPreconditionsError(problems);
        this.#conditionalDelete = conditionalDelete;
        this.#etagsAreDigests = etagsAreDigests;
      }
      this.#serverIsKnown = true;
    });
  }

  async inspect({ signal }: DriverContext): Promise<readonly StoreFinding[]> {
    return await this.#during("check", () => inspectBucket(this.#client, this.#namePrefix, signal));
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  classify(error: unknown): DriverFailure {
    if (error instanceof DriverFailureError) return error.failure;
    if (error instanceof MissingPreconditionsError) {
      return {
        code: "unsupported",
        retryable: false,
        outcome: "not-applied",
        message: error.message,
        remedy:
          "Without preconditions two processes can both resume a task. Use a server that has conditional writes; to run without that protection all the same, set unsafeAllowMissingPreconditions.",
      };
    }
    const operation = typeof error === "object" && error !== null ? this.#operations.get(error) : undefined;
    return classifyFailure(this.#client.explain(error), operation ?? "check");
  }

  /**
   * Reads an object whose bytes and ETag belong together. On some servers, a read that meets an overwrite gets the bytes
   * of one value and the ETag of another, under which an update would replace what was never read. Of what is larger than
   * is wanted, size and ETag are told as the headers say them: nothing of it is read.
   */
  async #readConsistently(name: string, { signal, maxBytes }: ReadContext): Promise<DriverRecord> {
    for (let round = 1; round <= 4; round += 1) {
      const { etag, isEncrypted, ...object } = await this.#client.read(name, { signal, maxBytes });
      const version = versionOfEtag(etag);
      const canCompare = this.#etagsAreDigests && !isEncrypted && isDigest(version);
      if (!canCompare || version === digestOf(object.body)) return { ...object, version };
    }
    throw new DriverFailureError({
      code: "unavailable",
      retryable: true,
      outcome: "not-applied",
      message: "the server gives bytes and an ETag that do not belong together, again and again",
      remedy: "Look at the object and at the server's log: it may be damaged.",
    });
  }

  async *#pages(start: string, grouped: boolean, signal: AbortSignal): AsyncIterable<ObjectPage> {
    const prefix = this.#namePrefix + start;
    let cursor: string | undefined;
    do {
      const request = { prefix, cursor, grouped };
      const page = await this.#during("list", () => this.#client.listPage(request, signal));
      yield page;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  #keyOf(name: string): string | undefined {
    return this.#names.keyOf(name.slice(this.#namePrefix.length));
  }

  #name(key: string): string {
    return this.#namePrefix + this.#names.nameOf(key);
  }

  /** Remembers what an error interrupted, because the same 403 calls for different words. */
  async #during<Result>(operation: S3Operation, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (typeof error === "object" && error !== null) this.#operations.set(error, operation);
      throw error;
    }
  }

  /** What a request for one object says of it. `denied` may mean anything: without s3:ListBucket, S3 does not tell. */
  async #ask(request: () => Promise<void>, alsoMissing?: string): Promise<"found" | "missing" | "denied"> {
    try {
      return (await this.#finds(request)) ? "found" : "missing";
    } catch (error) {
      const { code } = this.#client.explain(error);
      if (code === "AccessDenied") return "denied";
      if (code !== undefined && code === alsoMissing) return "missing";
      throw error;
    }
  }

  /** Most servers answer 204 also where there is nothing; Google's XML API, for one, says 404. */
  async #removes(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#finds(() => this.#client.remove(name, undefined, signal));
    } catch (error) {
      const { status, code } = this.#client.explain(error);
      // A bare 404 may be a proxy's, so the server is asked in a way that has a code.
      if (status !== 404 || code !== undefined) throw error;
      if ((await this.#ask(() => this.#client.find(name, signal))) !== "missing") throw error;
      return false;
    }
  }

  async #finds(request: () => Promise<void>): Promise<boolean> {
    try {
      await request();
      return true;
    } catch (error) {
      if (this.#client.explain(error).code === "NoSuchKey") return false;
      throw error;
    }
  }
}

class MissingPreconditionsError extends Error {
  override readonly name = "MissingPreconditionsError";

  constructor(problems: readonly string[]) {
    super(`the server does not honour preconditions: ${problems.join("; ")}`);
  }
}
