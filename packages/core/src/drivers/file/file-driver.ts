import { createHash, randomUUID } from "node:crypto";
import { closeSync, openSync, unlinkSync } from "node:fs";
import { open, opendir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import type { Capabilities } from "../../store/capabilities.ts";
import { defaultMaxBodyBytes } from "../../store/capabilities.ts";
import type {
  CheckpointDriver,
  DriverContext,
  DriverFailure,
  DriverRecord,
  DriverWrite,
  ListContext,
  ReadContext,
} from "../../store/checkpoint-driver.ts";
import { PreconditionFailedError } from "../../store/checkpoint-driver.ts";
import type { CheckpointEntry, DirectoryEntry } from "../../store/checkpoint-store.ts";
import type { StoreFinding } from "../../store/store-finding.ts";
import { DurableParents } from "./durable-parents.ts";
import { FileStoreError, classifyFileError, errnoOf } from "./file-error.ts";
import { escapeKey } from "./file-key.ts";
import { inspectFilesystem } from "./file-inspection.ts";
import { inspectOwnership } from "./inspect-ownership.ts";
import { fileVersion } from "./file-version.ts";
import { listDirectoryValues, listValues } from "./list-values.ts";
import { ProcessLocks } from "./process-locks.ts";
import type { ValuePlace } from "./publish-value.ts";
import { assertHolds, publishValue, statsOf } from "./publish-value.ts";
import { openFlags, readValue } from "./read-value.ts";
import type { StateDirectory } from "./state-directory.ts";
import { assertStillMounted, findStateDirectory, prepareStateDirectory } from "./state-directory.ts";
import { SharedDirectorySync } from "./shared-directory-sync.ts";
import { openDirectoryFlags, syncDescriptor, syncDirectory } from "./sync-directory.ts";
import { TemporaryFile } from "./temporary-file.ts";

// Part of the layout: processes with another number would not lock each other out.
const lockCount = 16;

// Each holds two open files, and Node's thread pool works on four system calls at a time.
const maxConcurrency = 32;

/** What a file driver is told besides its directory. */
interface FileDriverSettings {
  /** How long a lock that another process holds is waited for. */
  readonly lockWaitMs: number;
  /** Whether the driver makes nothing and changes nothing, as for the option `access` of stores. @default false */
  readonly isReadOnly?: boolean | undefined;
}

/** Keeps values as plain files. Everything it promises beyond a plain file is in the order of the steps of `write`. */
export class FileDriver implements CheckpointDriver {
  readonly backend = "file";
  readonly location: string;
  readonly capabilities: Capabilities = {
    conditionalDelete: true,
    ttl: false,
    uniqueVersions: true,
    listsVersions: true,
    showsUnacknowledged: true,
    maxBodyBytes: defaultMaxBodyBytes,
  };
  readonly maxConcurrency = maxConcurrency;
  readonly #root: string;
  readonly #locks: ProcessLocks;
  readonly #parents: DurableParents;
  readonly #isReadOnly: boolean;
  readonly #directorySync = new SharedDirectorySync();
  #prepared: Promise<StateDirectory> | undefined;
  #directory: StateDirectory | undefined;

  constructor(root: string, { lockWaitMs, isReadOnly = false }: FileDriverSettings) {
    this.#isReadOnly = isReadOnly;
    this.#root = root;
    this.location = pathToFileURL(root).href;
    this.#locks = new ProcessLocks(lockWaitMs, (path) => {
      this.#directory?.owner?.makeFile(path, this.#directory.temporary);
    });
    this.#parents = new DurableParents(root);
  }

  async read(key: string, { durable, maxBytes }: ReadContext): Promise<DriverRecord | null> {
    const directory = await this.#prepare();
    // No lock, whose path takes a digest.
    const target = join(directory.root, escapeKey(key, directory.names));
    const limits = { maxBodyBytes: this.capabilities.maxBodyBytes, maxBytes };
    const record =
      (await readValue(target, limits)) ??
      // An NFS client may remember from before that the name is missing; opening its directory makes it ask again.
      // https://man7.org/linux/man-pages/man5/nfs.5.html "Data and metadata coherence"
      ((await canBeOpened(dirname(target))) ? await readValue(target, limits) : null);
    if (record === null) await assertStillMounted(directory);
    if (durable) await makeDurable(target);
    return record;
  }

  async write(
    key: string,
    body: Uint8Array,
    { precondition }: DriverWrite,
    { signal }: DriverContext,
  ): Promise<{ readonly version: string }> {
    const place = await this.#place(key);
    try {
      // A version never comes back, so that a precondition that fails now need not be tried with a file written in vain.
      assertHolds(precondition, place.target);
      await this.#parents.ensure(dirname(place.target), place.directory);
      await using file = await TemporaryFile.create(place.directory.temporary, body, signal, place.directory.owner);
      const publish = (): ReturnType<typeof publishValue> => publishValue(file, precondition, place);
      const { version } = await this.#change(place, signal, publish, async ({ timeChanged }) => {
        // The bytes were durable before; now the version becomes so too.
        await Promise.all([file.removeName(), timeChanged ? syncDescriptor(file.handle.fd) : undefined]);
      });
      return { version };
    } catch (error) {
      if (errnoOf(error) === "ENOENT") {
        this.#parents.forget();
        await assertStillMounted(place.directory);
      }
      throw error;
    }
  }

  async remove(key: string, ifVersion: string | undefined, { signal }: DriverContext): Promise<boolean> {
    const place = await this.#place(key);
    const { directory, target } = place;
    const removed =
      (await canBeOpened(dirname(target))) &&
      (await this.#change(place, signal, () => {
        const current = statsOf(target);
        if (current === undefined) return false;
        if (ifVersion !== undefined && fileVersion(current) !== ifVersion) throw new PreconditionFailedError();
        unlinkValue(target);
        return true;
      }));
    if (!removed) await assertStillMounted(directory);
    return removed;
  }

  async *list(prefix: string, context: ListContext): AsyncIterable<readonly CheckpointEntry[]> {
    const directory = await this.#prepare();
    await assertStillMounted(directory);
    yield* listValues(directory, prefix, context);
  }

  async *listDirectory(prefix: string, { signal }: DriverContext): AsyncIterable<readonly DirectoryEntry[]> {
    const directory = await this.#prepare();
    await assertStillMounted(directory);
    yield* listDirectoryValues(directory, prefix, signal);
  }

  /** Writes a value that no key has, and removes it: whatever the filesystem lacks shows now and not at the first pause. */
  async check({ signal }: DriverContext): Promise<void> {
    const directory = await this.#prepare();
    await assertStillMounted(directory);
    if (this.#isReadOnly) return await assertReadable(directory.root);
    const place = { directory, target: join(directory.temporary, randomUUID()), lockPath: lockPathOf(directory, "") };
    await using file = await TemporaryFile.create(directory.temporary, new Uint8Array(), signal, directory.owner);
    try {
      await this.#change(place, signal, () => publishValue(file, { kind: "absent" }, place));
    } finally {
      await rm(place.target, { force: true });
    }
  }

  async inspect(): Promise<readonly StoreFinding[]> {
    return [...(await inspectFilesystem(this.#root)), await inspectOwnership(this.#root)];
  }

  async close(): Promise<void> {
    this.#locks.close();
    await this.#parents.removeEmpty();
  }

  classify(error: unknown): DriverFailure {
    return classifyFileError(error);
  }

  async #place(key: string): Promise<ValuePlace & { readonly directory: StateDirectory }> {
    const directory = await this.#prepare();
    const path = escapeKey(key, directory.names);
    return { directory, target: join(directory.root, path), lockPath: lockPathOf(directory, path) };
  }

  async #prepare(): Promise<StateDirectory> {
    this.#prepared ??= this.#isReadOnly ? findStateDirectory(this.#root) : prepareStateDirectory(this.#root);
    try {
      this.#directory = await this.#prepared;
      return this.#directory;
    } catch (error) {
      this.#prepared = undefined;
      throw error;
    }
  }

  /**
   * Changes the names in a directory under the key's lock, and makes the change durable once the lock is free again,
   * together with whatever else there is to do then.
   */
  async #change<Result>(
    { target, lockPath }: ValuePlace,
    signal: AbortSignal,
    change: () => Result,
    afterwards: (result: Result) => Promise<void> = async () => undefined,
  ): Promise<Result> {
    const { result, parent } = await this.#locks.hold(lockPath, signal, () => {
      // Opened under the lock, so that an NFS client sees what the lock's last holder has done in it.
      const opened = openSync(dirname(target), openDirectoryFlags);
      try {
        return { result: change(), parent: opened };
      } catch (error) {
        closeSync(opened);
        throw error;
      }
    });
    try {
      await durably(target, async () => {
        // Both end before the descriptors are closed, whichever fails.
        const [synced, done] = await Promise.allSettled([this.#directorySync.sync(parent), afterwards(result)]);
        if (synced.status === "rejected") throw synced.reason;
        if (done.status === "rejected") throw done.reason;
      });
      return result;
    } finally {
      closeSync(parent);
    }
  }
}

function lockPathOf(directory: StateDirectory, path: string): string {
  const digest = createHash("sha256").update(path).digest();
  return join(directory.locks, `${digest.readUInt32BE() % lockCount}.lock`);
}

/** Throws unless the names in a directory can be read. */
async function assertReadable(directory: string): Promise<void> {
  const opened = await opendir(directory);
  await opened.close();
}

/** `false` if there is no such directory. */
async function canBeOpened(directory: string): Promise<boolean> {
  try {
    await (await open(directory, openDirectoryFlags)).close();
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

function unlinkValue(target: string): void {
  try {
    unlinkSync(target);
  } catch (error) {
    // It was there a moment ago: either somebody else was faster, or over NFS a repeated request met its own first attempt.
    if (errnoOf(error) === "ENOENT") return;
    const failure = classifyFileError(error);
    if (!failure.retryable) throw error;
    throw new FileStoreError(failure.code, failure.message, { retryable: true, outcome: "unknown", cause: error });
  }
}

/** After this the change is there for all to see, so that an error leaves open whether a crash of the machine undoes it. */
async function durably(target: string, sync: () => Promise<void>): Promise<void> {
  try {
    await sync();
  } catch (error) {
    throw new FileStoreError("unavailable", `${target} was changed, but the disk failed to make that durable`, {
      outcome: "unknown",
      remedy: "Check the volume.",
      cause: error,
    });
  }
}

/**
 * Makes what a read has seen as safe as a write that was acknowledged: the sync of whoever wrote it may have failed, or
 * never have been asked for.
 */
async function makeDurable(target: string): Promise<void> {
  try {
    const file = await open(target, openFlags);
    try {
      await syncDescriptor(file.fd);
    } finally {
      await file.close();
    }
  } catch (error) {
    // Nothing is there, or not any more; that too must last.
    if (errnoOf(error) !== "ENOENT") throw notDurable(target, error);
  }
  try {
    await syncDirectory(dirname(target));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw notDurable(target, error);
  }
}

function notDurable(target: string, cause: unknown): FileStoreError {
  return new FileStoreError("unavailable", `${target} was read, but the disk failed to make it durable`, {
    outcome: "unknown",
    remedy: "Check the volume.",
    cause,
  });
}
