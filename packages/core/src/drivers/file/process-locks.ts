import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

import { FileStoreError } from "./file-error.ts";
import { loadSqlite } from "./load-sqlite.ts";
import { isError } from "../../store/is-error.ts";

const maxDelayMs = 8;

// The low byte of SQLite's result codes: https://www.sqlite.org/rescode.html
const sqliteError = 1;
const sqliteBusy = 5;
const sqliteInputOutput = 10;
const sqliteProtocol = 15;
const sqliteNotDatabase = 26;

/** What SQLite itself calls its results: https://www.sqlite.org/c3ref/errcode.html */
const resultTexts: Readonly<Record<string, number>> = {
  "database is locked": sqliteBusy,
  "disk I/O error": sqliteInputOutput,
  "locking protocol": sqliteProtocol,
  "file is not a database": sqliteNotDatabase,
};

/** A lock file that is open. */
interface LockFile {
  readonly inode: bigint;
  readonly database: DatabaseSync;
}

/**
 * Locks between processes, one for each path of a lock file. The kernel holds them and releases them with the process,
 * however it ends, so that none is ever stale: each is the write lock of an empty SQLite database, which is the one way to
 * a POSIX record lock that Node has built in. Nothing is ever written into the databases.
 */
export class ProcessLocks {
  readonly #waitMs: number;
  readonly #make: ((path: string) => void) | undefined;
  readonly #files = new Map<string, LockFile>();
  #closed = false;

  /**
   * @param waitMs how long a lock that another process holds is waited for
   * @param make makes a lock's file that is missing, without opening it under its name; SQLite does if nothing is given
   */
  constructor(waitMs: number, make?: (path: string) => void) {
    this.#waitMs = waitMs;
    this.#make = make;
  }

  /**
   * Runs `critical` while holding a lock. It is synchronous so that the lock is held for some system calls, never for a turn
   * of the event loop.
   *
   * @param path of the lock's file, which nothing else in the process may open: closing it would release the lock
   * (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_)
   */
  async hold<Result>(path: string, signal: AbortSignal, critical: () => Result): Promise<Result> {
    const deadlineAt = performance.now() + this.#waitMs;
    for (let delayMs = 0.5; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      signal.throwIfAborted();
      const file = this.#tryAcquire(path);
      if (file !== undefined) {
        try {
          return critical();
        } finally {
          this.#release(path, file);
        }
      }
      if (performance.now() >= deadlineAt) throw this.#busy(path);
      await sleep(Math.random() * delayMs, undefined, { signal });
    }
  }

  /** Closes the lock files. */
  close(): void {
    this.#closed = true;
    for (const path of this.#files.keys()) this.#forget(path);
  }

  #tryAcquire(path: string): LockFile | undefined {
    if (this.#closed) throw new FileStoreError("closed", "the store is closed");
    // A file that was just created is opened again.
    const file = this.#files.get(path) ?? this.#open(path) ?? this.#open(path);
    if (file === undefined) return undefined;
    try {
      file.database.exec("BEGIN IMMEDIATE");
    } catch (error) {
      if (resultCode(error) === sqliteBusy) return undefined;
      this.#forget(path);
      throw explainSqlite(path, error);
    }
    if (inodeOf(path) === file.inode) return file;
    // Somebody has removed .holdpoint/locks and others lock a new file by now.
    this.#forget(path);
    return undefined;
  }

  #open(path: string): LockFile | undefined {
    if (this.#make !== undefined && inodeOf(path) === undefined) this.#make(path);
    const inode = inodeOf(path);
    let database: DatabaseSync | undefined;
    try {
      database = new (loadSqlite().DatabaseSync)(path);
      // Without a journal in memory each lock would create and remove a file.
      database.exec("PRAGMA journal_mode = MEMORY");
    } catch (error) {
      database?.close();
      if (resultCode(error) === sqliteBusy) return undefined;
      throw explainSqlite(path, error);
    }
    // The same before and after, so that it is certainly the inode of the file that was opened.
    if (inode === undefined || inodeOf(path) !== inode) {
      database.close();
      return undefined;
    }
    const file = { inode, database };
    this.#files.set(path, file);
    return file;
  }

  #release(path: string, file: LockFile): void {
    try {
      file.database.exec("ROLLBACK");
    } catch {
      // Closing the file releases the lock in any case.
      this.#forget(path);
    }
  }

  #forget(path: string): void {
    this.#files.get(path)?.database.close();
    this.#files.delete(path);
  }

  #busy(path: string): FileStoreError {
    return new FileStoreError("unavailable", `the lock ${path} was not free for ${this.#waitMs} ms`, {
      retryable: true,
      remedy:
        "A process that holds it has been suspended, or the filesystem offers no locks (mount NFS without nolock, with its lock service running).",
    });
  }
}

function inodeOf(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

function resultCode(error: unknown): number | undefined {
  if (!isError(error)) return undefined;
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  if (typeof errcode === "number") return errcode & 0xff;
  // Deno has the text alone.
  return code === "ERR_SQLITE_ERROR" ? (codeOfText(error.message) ?? sqliteError) : undefined;
}

function codeOfText(message: string): number | undefined {
  return Object.entries(resultTexts).find(([text]) => message.startsWith(text))?.[1];
}

/** Puts into words what SQLite says about a lock file. */
function explainSqlite(path: string, error: unknown): unknown {
  const code = resultCode(error);
  if (code === undefined) return error;
  try {
    // SQLite does not say why a file cannot be opened for writing.
    accessSync(inodeOf(path) === undefined ? dirname(path) : path, constants.R_OK | constants.W_OK);
  } catch (reason) {
    return reason;
  }
  const said = String(error);
  if (code === sqliteNotDatabase) {
    return new FileStoreError("corrupt", `the lock file ${path} is not empty`, {
      remedy: "Stop all processes that use the directory, and remove the file.",
      cause: error,
    });
  }
  if (code === sqliteInputOutput || code === sqliteProtocol) {
    return new FileStoreError("unsupported", `the file ${path} cannot be locked (${said})`, {
      remedy: "Use a filesystem with POSIX record locks for the directory, or another backend.",
      cause: error,
    });
  }
  return new FileStoreError("unavailable", `the lock file ${path} cannot be used (${said})`, {
    retryable: true,
    remedy:
      "Check that the process may open more files (ulimit -n), and use a directory with a short path: SQLite takes 500 bytes.",
    cause: error,
  });
}
