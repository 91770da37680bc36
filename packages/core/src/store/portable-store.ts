import { types } from "node:util";

import type { RetryPolicy } from "./attempt.ts";
import { withDeadline } from "./attempt.ts";
import type { Capabilities } from "./capabilities.ts";
import type { CheckpointDriver, DriverContext, DriverRecord, Precondition } from "./checkpoint-driver.ts";
import { BodyTooLargeError } from "./checkpoint-driver.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { assertKey, maxKeyBytes } from "./checkpoint-key.ts";
import type {
  Checkpoint,
  CheckpointEntry,
  CheckpointStore,
  DeleteOptions,
  DirectoryEntry,
  GetOptions,
  ListOptions,
  OperationOptions,
  PutOptions,
} from "./checkpoint-store.ts";
import type { Clock } from "./clock.ts";
import { directoryEntry } from "./directory-entry.ts";
import { Doubt } from "./doubt.ts";
import type { FailedAttempt } from "./operation.ts";
import { Operation } from "./operation.ts";
import type { OperationTrace } from "./operation-trace.ts";
import { storeTracing } from "./operation-trace.ts";
import { positiveInteger } from "./positive-integer.ts";
import { settleWrite } from "./settle-write.ts";
import { abortedFailure, closedFailure, overloadedFailure } from "./store-failures.ts";
import type { StoreFinding } from "./store-finding.ts";
import { Turns } from "./turns.ts";
import { createWriteId, judgeRemoval, judgeWrite } from "./write-id.ts";

/** A {@link CheckpointStore} over a driver. */
export class PortableStore implements CheckpointStore {
  readonly backend: string;
  readonly location: string;
  readonly #driver: CheckpointDriver;
  readonly #policy: RetryPolicy;
  readonly #clock: Clock;
  readonly #turns: Turns | undefined;
  readonly #isReadOnly: boolean;
  #closing: Promise<void> | undefined;

  constructor(driver: CheckpointDriver, policy: RetryPolicy, clock: Clock, isReadOnly = false) {
    this.#isReadOnly = isReadOnly;
    this.#driver = driver;
    this.#policy = policy;
    this.#clock = clock;
    this.#turns = driver.maxConcurrency === undefined ? undefined : new Turns(driver.maxConcurrency);
    this.backend = driver.backend;
    this.location = driver.location;
  }

  /** Asked of the driver each time, which may not know before its first check. */
  get capabilities(): Capabilities {
    return this.#driver.capabilities;
  }

  async get(key: string, options: GetOptions = {}): Promise<Checkpoint | null> {
    assertKey(key, this.backend, "get");
    const { durable = false, maxBytes } = options;
    if (maxBytes !== undefined) this.#assertMaxBytes(key, maxBytes);
    const record = await this.#runInTurn("get", key, options, (operation) =>
      operation.repeat(
        maxBytes === undefined
          ? (signal) => this.#driver.read(key, { signal, durable })
          : async (signal) => assertFits(await this.#driver.read(key, { signal, durable, maxBytes }), maxBytes),
      ),
    );
    if (record === null) return null;
    return { key, body: record.body, version: record.version, modifiedAt: record.modifiedAt };
  }

  async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<{ readonly version: string }> {
    assertKey(key, this.backend, "put");
    this.#assertWritable("put", key);
    this.#assertBody(key, body);
    const precondition = this.#precondition(key, options);
    const ttlMs = this.#ttl(key, options.ttlMs);
    const writeId = createWriteId(precondition);
    return await this.#runInTurn("put", key, options, (operation) =>
      settleWrite<{ readonly version: string }>(operation, new Doubt(operation), {
        send: (signal) => this.#driver.write(key, body, { precondition, writeId, ttlMs }, { signal }),
        read: (signal, durable) => this.#driver.read(key, { signal, durable }),
        judge: (record) => judgeWrite(writeId, precondition, record),
        resultOf: (record) => ({ version: record?.version ?? "" }),
        looksFirst: true,
        confirms: this.capabilities.showsUnacknowledged ?? false,
      }),
    );
  }

  async delete(key: string, options: DeleteOptions = {}): Promise<boolean> {
    assertKey(key, this.backend, "delete");
    this.#assertWritable("delete", key);
    const { ifVersion } = options;
    if (ifVersion !== undefined) {
      this.#assertVersion("delete", key, ifVersion);
      if (!this.capabilities.conditionalDelete)
        throw this.#unsupported("delete", key, "ifVersion", "conditionalDelete");
    }
    return await this.#runInTurn("delete", key, options, async (operation) => {
      const doubt = new Doubt(operation);
      const removed = await settleWrite(operation, doubt, {
        send: (signal) => this.#driver.remove(key, ifVersion, { signal }),
        read: (signal, durable) => this.#driver.read(key, { signal, durable }),
        judge: (record) => judgeRemoval(ifVersion, record),
        resultOf: () => true,
        looksFirst: false,
        confirms: this.capabilities.showsUnacknowledged ?? false,
      });
      // After a lost answer, "there is nothing" may well be our own doing: the value is gone either way.
      return removed || doubt.isOpen;
    });
  }

  async timeToLive(key: string, options: OperationOptions = {}): Promise<number | null> {
    assertKey(key, this.backend, "get");
    const timeToLive = this.#driver.timeToLive?.bind(this.#driver);
    if (!this.capabilities.ttl || timeToLive === undefined) throw this.#unsupported("get", key, "timeToLive", "ttl");
    return await this.#runInTurn("get", key, options, (operation) =>
      operation.repeat((signal) => timeToLive(key, { signal })),
    );
  }

  list(options: ListOptions = {}): AsyncIterable<CheckpointEntry> {
    const { versions = false } = options;
    return this.#list(options, (prefix, context) => this.#driver.list(prefix, { ...context, versions }));
  }

  async *listDirectory(options: Omit<ListOptions, "versions"> = {}): AsyncIterable<DirectoryEntry> {
    const { prefix = "" } = options;
    const directories = new Set<string>();
    const isNew = ({ key, isDirectory }: DirectoryEntry): boolean => !isDirectory || !directories.has(key);
    for await (const entry of this.#list(options, (start, context) => this.#directoryPages(start, context))) {
      const placed = "isDirectory" in entry ? entry : directoryEntry(entry.key, prefix);
      if (!isNew(placed)) continue;
      if (placed.isDirectory) directories.add(placed.key);
      yield placed;
    }
  }

  #directoryPages(
    prefix: string,
    context: DriverContext,
  ): AsyncIterable<readonly (DirectoryEntry | CheckpointEntry)[]> {
    return this.#driver.listDirectory?.(prefix, context) ?? this.#driver.list(prefix, { ...context, versions: false });
  }

  async *#list<Entry>(
    options: ListOptions,
    listPages: (prefix: string, context: DriverContext) => AsyncIterable<readonly Entry[]>,
  ): AsyncIterable<Entry> {
    const { prefix = "" } = options;
    if (typeof prefix !== "string" || !prefix.isWellFormed() || Buffer.byteLength(prefix) > maxKeyBytes) {
      throw new CheckpointError(
        "invalid-argument",
        `${this.backend}: cannot list: the prefix is not a well-formed string of at most ${maxKeyBytes} UTF-8 bytes.`,
        { backend: this.backend, operation: "list" },
      );
    }
    if (options.versions === true && this.capabilities.listsVersions !== true) {
      throw this.#unsupported("list", undefined, "versions", "listsVersions");
    }
    const controller = new AbortController();
    let pages: AsyncIterator<readonly Entry[]> | undefined;
    let hasYielded = false;
    const nextPage = (): Promise<IteratorResult<readonly Entry[]>> =>
      this.#run("list", undefined, options, async (operation) => {
        let hasAsked = false;
        const ask = (): Promise<IteratorResult<readonly Entry[]>> => {
          // Asked again: the first time has failed, and an iterator that has failed is at its end.
          if (hasAsked) leave(pages);
          if (hasAsked || pages === undefined) {
            pages = listPages(prefix, { signal: controller.signal })[Symbol.asyncIterator]();
          }
          hasAsked = true;
          return pages.next();
        };
        // A listing that began anew would yield keys twice, so it fails; what it has yielded stays true.
        return await operation.repeat(ask, hasYielded ? 1 : undefined);
      });
    try {
      for (let page = await nextPage(); page.done !== true; page = await nextPage()) {
        for (const entry of page.value) {
          hasYielded = true;
          yield entry;
          // Asking for the next page says why there is none.
          if (this.#closing !== undefined || options.signal?.aborted === true) break;
        }
      }
    } finally {
      controller.abort();
      leave(pages);
    }
  }

  async check(options: OperationOptions = {}): Promise<void> {
    await this.#run("check", undefined, options, (operation) =>
      operation.repeat((signal) => this.#driver.check({ signal })),
    );
  }

  async inspect(options: OperationOptions = {}): Promise<readonly StoreFinding[]> {
    return await this.#run("inspect", undefined, options, (operation) =>
      operation.repeat(async (signal) => (await this.#driver.inspect?.({ signal })) ?? []),
    );
  }

  async close(): Promise<void> {
    this.#closing ??= this.#driver.close();
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Runs an operation, in a turn where there are any to wait for. A layer that is an `async` function of its own costs
   * every operation a promise and the room for its state, so there is one only where a turn ends or somebody traces.
   */
  #run<Result>(
    name: OperationTrace["operation"],
    key: string | undefined,
    options: OperationOptions,
    work: (operation: Operation) => Promise<Result>,
    turns?: Turns,
  ): Promise<Result> {
    const timeoutMs =
      options.timeoutMs === undefined
        ? this.#policy.timeoutMs
        : positiveInteger("timeoutMs", options.timeoutMs, this.backend);
    const trace: OperationTrace = { backend: this.backend, operation: name, key, attempts: 0 };
    const { signal } = options;
    const settings = { driver: this.#driver, policy: this.#policy, clock: this.#clock, trace, timeoutMs, signal };
    const operation = new Operation(settings);
    if (turns === undefined && !storeTracing.hasSubscribers) {
      this.#assertCanBegin(operation);
      return work(operation);
    }
    return storeTracing.tracePromise(async () => {
      this.#assertCanBegin(operation);
      if (turns === undefined) return await work(operation);
      if (!turns.begin()) await this.#waitForTurn(turns, operation);
      try {
        this.#assertOpen(operation);
        return await work(operation);
      } finally {
        turns.end();
      }
    }, trace);
  }

  /** Runs an operation once fewer are under way than the driver wants at once. The wait is part of its time. */
  #runInTurn<Result>(
    name: "get" | "put" | "delete",
    key: string,
    options: OperationOptions,
    work: (operation: Operation) => Promise<Result>,
  ): Promise<Result> {
    return this.#run(name, key, options, work, this.#turns);
  }

  async #waitForTurn(turns: Turns, operation: Operation): Promise<void> {
    const { signal, timeoutMs } = operation;
    try {
      await withDeadline(this.#clock, signal, timeoutMs, (given) => turns.wait(given));
    } catch (error) {
      throw unbegun(operation, { failure: operation.isAborted ? abortedFailure : overloadedFailure, error });
    }
  }

  #assertCanBegin(operation: Operation): void {
    this.#assertOpen(operation);
    if (operation.isAborted) throw unbegun(operation, { failure: abortedFailure, error: operation.signal?.reason });
  }

  #assertOpen(operation: Operation): void {
    if (this.#closing !== undefined) throw unbegun(operation, { failure: closedFailure, error: undefined });
  }

  #assertBody(key: string, body: unknown): void {
    const { maxBodyBytes } = this.capabilities;
    const details = { backend: this.backend, operation: "put", key, outcome: "not-applied" } as const;
    if (!types.isUint8Array(body)) {
      throw new CheckpointError(
        "invalid-argument",
        `${this.backend}: cannot put: the body is not a Uint8Array.`,
        details,
      );
    }
    if (body.byteLength > maxBodyBytes) {
      throw new CheckpointError(
        "too-large",
        `${this.backend}: cannot put ${JSON.stringify(key)}: the body has ${body.byteLength} bytes; at most ${maxBodyBytes} are allowed.`,
        details,
      );
    }
  }

  #assertMaxBytes(key: string, maxBytes: unknown): void {
    if (typeof maxBytes === "number" && Number.isSafeInteger(maxBytes) && maxBytes >= 0) return;
    throw new CheckpointError(
      "invalid-argument",
      `${this.backend}: cannot get ${JSON.stringify(key)}: maxBytes is ${String(maxBytes)}; expected a whole number of bytes from 0.`,
      { backend: this.backend, operation: "get", key },
    );
  }

  #precondition(key: string, { ifAbsent = false, ifVersion }: PutOptions): Precondition {
    if (ifVersion === undefined) return ifAbsent ? { kind: "absent" } : { kind: "any" };
    this.#assertVersion("put", key, ifVersion);
    if (!ifAbsent) return { kind: "version", version: ifVersion };
    throw new CheckpointError(
      "invalid-argument",
      `${this.backend}: cannot put ${JSON.stringify(key)}: ifAbsent and ifVersion exclude each other.`,
      { backend: this.backend, operation: "put", key, outcome: "not-applied" },
    );
  }

  // An empty version is refused because SDKs take a falsy condition for none at all.
  #assertVersion(operation: string, key: string, version: unknown): void {
    if (typeof version === "string" && version !== "") return;
    throw new CheckpointError(
      "invalid-argument",
      `${this.backend}: cannot ${operation} ${JSON.stringify(key)}: ifVersion is not a version that get or put returned.`,
      { backend: this.backend, operation, key, outcome: "not-applied" },
    );
  }

  #ttl(key: string, ttlMs: number | undefined): number | undefined {
    if (ttlMs === undefined) return undefined;
    if (!this.capabilities.ttl) throw this.#unsupported("put", key, "ttlMs", "ttl");
    if (Number.isSafeInteger(ttlMs) && ttlMs >= 1) return ttlMs;
    throw new CheckpointError(
      "invalid-argument",
      `${this.backend}: cannot put ${JSON.stringify(key)}: ttlMs is ${String(ttlMs)}; expected a whole number of milliseconds from 1.`,
      { backend: this.backend, operation: "put", key, outcome: "not-applied" },
    );
  }

  #assertWritable(operation: "put" | "delete", key: string): void {
    if (!this.#isReadOnly) return;
    throw new CheckpointError(
      "unsupported",
      `${this.backend}: cannot ${operation} ${JSON.stringify(key)}: the store was opened for reading only.`,
      { backend: this.backend, operation, key, outcome: "not-applied" },
    );
  }

  #unsupported(
    operation: string,
    key: string | undefined,
    option: string,
    capability: keyof Capabilities,
  ): CheckpointError {
    const what = key === undefined ? operation : `${operation} ${JSON.stringify(key)}`;
    const outcome = operation === "put" || operation === "delete" ? "not-applied" : undefined;
    return new CheckpointError(
      "unsupported",
      `${this.backend}: cannot ${what} with ${option}: the store at ${this.location} has not declared the capability ${capability}.`,
      { backend: this.backend, operation, key, outcome },
    );
  }
}

/** Also where a driver has not looked at the size, or could not before. */
function assertFits(record: DriverRecord | null, maxBytes: number): DriverRecord | null {
  if (record === null || record.body.byteLength <= maxBytes) return record;
  throw new BodyTooLargeError(record.body.byteLength, record.version);
}

/** Not awaited: a driver that hangs in a page would hang the caller, who has left. */
function leave(pages: AsyncIterator<unknown> | undefined): void {
  pages?.return?.().catch(() => undefined);
}

/** The error for an operation of which nothing has been sent. */
function unbegun(operation: Operation, reason: FailedAttempt): CheckpointError {
  return operation.isWrite ? new Doubt(operation).error(reason) : operation.error(reason);
}
