import { AttemptTimeoutError, backOffMs, pause, withDeadline } from "./attempt.ts";
import type { RetryPolicy } from "./attempt.ts";
import type { Capabilities } from "./capabilities.ts";
import type { CheckpointDriver, DriverFailure, DriverRecord, Precondition } from "./checkpoint-driver.ts";
import { PreconditionFailedError } from "./checkpoint-driver.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { assertKey, maxKeyBytes } from "./checkpoint-key.ts";
import type {
  Checkpoint,
  CheckpointEntry,
  CheckpointStore,
  DeleteOptions,
  ListOptions,
  OperationOptions,
  PutOptions,
} from "./checkpoint-store.ts";
import { assertNodeVersion } from "./node-version.ts";
import type { OperationTrace } from "./operation-trace.ts";
import { storeTracing } from "./operation-trace.ts";
import type { StoreFinding } from "./store-finding.ts";
import { defaultAttemptTimeoutMs } from "./store-options.ts";
import type { StoreOptions } from "./store-options.ts";
import { Turns } from "./turns.ts";
import { createWriteId, isSuccessor, judgeWrite } from "./write-id.ts";

/**
 * Makes a portable store of a driver: validates, refuses what is not declared, bounds and repeats requests, settles
 * writes whose answer was lost, and puts errors into words.
 *
 * @throws {CheckpointError} `invalid-argument` if an option is out of range, `unsupported` if Node.js is too old
 * @example
 * ```ts
 * export async function createAcmeStore(options: AcmeStoreOptions): Promise<CheckpointStore> {
 *   return createStore(await AcmeDriver.connect(options), options);
 * }
 * ```
 */
export function createStore(driver: CheckpointDriver, options: StoreOptions = {}): CheckpointStore {
  assertNodeVersion();
  return new PortableStore(driver, {
    timeoutMs: positiveInteger("timeoutMs", options.timeoutMs ?? 30_000, driver.backend),
    attemptTimeoutMs: positiveInteger(
      "attemptTimeoutMs",
      options.attemptTimeoutMs ?? defaultAttemptTimeoutMs,
      driver.backend,
    ),
    maxAttempts: positiveInteger("maxAttempts", options.maxAttempts ?? 5, driver.backend),
  });
}

// setTimeout fires at once for anything longer.
const maxTimerMs = 2 ** 31 - 1;

function positiveInteger(name: string, value: unknown, backend: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= maxTimerMs) return value;
  throw new CheckpointError(
    "invalid-argument",
    `${backend}: ${name} is ${String(value)}; expected a whole number from 1 to ${maxTimerMs}.`,
    { backend },
  );
}

/** One operation in progress: its words for errors, its deadline, its trace. */
interface Operation {
  readonly name: OperationTrace["operation"];
  readonly key: string | undefined;
  readonly deadlineAt: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly trace: OperationTrace;
}

class PortableStore implements CheckpointStore {
  readonly backend: string;
  readonly location: string;
  readonly #driver: CheckpointDriver;
  readonly #policy: RetryPolicy;
  readonly #turns: Turns;
  #closing: Promise<void> | undefined;

  constructor(driver: CheckpointDriver, policy: RetryPolicy) {
    this.#driver = driver;
    this.#policy = policy;
    this.#turns = new Turns(driver.maxConcurrency ?? Infinity);
    this.backend = driver.backend;
    this.location = driver.location;
  }

  /** Asked of the driver each time, which may not know before its first check. */
  get capabilities(): Capabilities {
    return this.#driver.capabilities;
  }

  async get(key: string, options: OperationOptions = {}): Promise<Checkpoint | null> {
    assertKey(key, this.backend, "get");
    return await this.#runInTurn("get", key, options, async (operation) => {
      const record = await this.#read(operation, key);
      if (record === null) return null;
      return { key, body: record.body, version: record.version, modifiedAt: record.modifiedAt };
    });
  }

  async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<{ readonly version: string }> {
    assertKey(key, this.backend, "put");
    this.#assertBody(key, body);
    const precondition = this.#precondition(key, options);
    const ttlMs = this.#ttl(key, options.ttlMs);
    const writeId = createWriteId(precondition);
    return await this.#runInTurn("put", key, options, async (operation) => {
      let inDoubt = false;
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.#attempt(operation, (signal) =>
            this.#driver.write(key, body, { precondition, writeId, ttlMs }, { signal }),
          );
        } catch (error) {
          const failure = this.#classify(operation, error);
          const conflict = failure.code === "conflict";
          if (conflict && !inDoubt) throw this.#error(operation, failure, error, "not-applied");
          if (conflict || failure.outcome === "unknown") {
            inDoubt = true;
            const settled = await this.#settle(operation, key, writeId, precondition, error, failure);
            if (settled !== undefined) return settled;
          }
          // A conflict that is not settled is a precondition that holds again by now: ask once more.
          if (!(failure.retryable || conflict) || attempt >= this.#policy.maxAttempts) {
            throw this.#error(operation, failure, error, inDoubt ? "unknown" : "not-applied");
          }
          await this.#backOff(operation, attempt, failure, error, inDoubt);
        }
      }
    });
  }

  async delete(key: string, options: DeleteOptions = {}): Promise<boolean> {
    assertKey(key, this.backend, "delete");
    const { ifVersion } = options;
    if (ifVersion !== undefined) {
      this.#assertVersion("delete", key, ifVersion);
      if (!this.capabilities.conditionalDelete)
        throw this.#unsupported("delete", key, "ifVersion", "conditionalDelete");
    }
    return await this.#runInTurn("delete", key, options, async (operation) => {
      let inDoubt = false;
      for (let attempt = 1; ; attempt += 1) {
        try {
          const removed = await this.#attempt(operation, (signal) => this.#driver.remove(key, ifVersion, { signal }));
          // After a lost answer, "there is nothing" may well be our own doing: the value is gone either way.
          return removed || inDoubt;
        } catch (error) {
          const failure = this.#classify(operation, error);
          const conflict = failure.code === "conflict";
          if (conflict && inDoubt && ifVersion !== undefined) {
            return await this.#settleRemoval(operation, key, ifVersion, error, failure);
          }
          inDoubt ||= failure.outcome === "unknown" && !conflict;
          if (!failure.retryable || attempt >= this.#policy.maxAttempts) {
            throw this.#error(operation, failure, error, inDoubt ? "unknown" : "not-applied");
          }
          await this.#backOff(operation, attempt, failure, error, inDoubt);
        }
      }
    });
  }

  async *list(options: ListOptions = {}): AsyncIterable<CheckpointEntry> {
    const { prefix = "" } = options;
    if (typeof prefix !== "string" || !prefix.isWellFormed() || Buffer.byteLength(prefix) > maxKeyBytes) {
      throw new CheckpointError(
        "invalid-argument",
        `${this.backend}: cannot list: the prefix is not a well-formed string of at most ${maxKeyBytes} UTF-8 bytes.`,
        { backend: this.backend, operation: "list" },
      );
    }
    const controller = new AbortController();
    let pages: AsyncIterator<readonly CheckpointEntry[]> | undefined;
    let hasYielded = false;
    const nextPage = (): Promise<IteratorResult<readonly CheckpointEntry[]>> =>
      this.#run("list", undefined, options, async (operation) => {
        let hasAsked = false;
        const ask = (): Promise<IteratorResult<readonly CheckpointEntry[]>> => {
          // Asked again: the first time has failed, and an iterator that has failed is at its end.
          if (hasAsked) leave(pages);
          if (hasAsked || pages === undefined) {
            pages = this.#driver.list(prefix, { signal: controller.signal })[Symbol.asyncIterator]();
          }
          hasAsked = true;
          return pages.next();
        };
        // A listing that began anew would yield keys twice, so it fails; what it has yielded stays true.
        return await this.#repeat(operation, ask, hasYielded ? 1 : undefined);
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
      this.#repeat(operation, (signal) => this.#driver.check({ signal })),
    );
  }

  async inspect(options: OperationOptions = {}): Promise<readonly StoreFinding[]> {
    return await this.#run("inspect", undefined, options, (operation) =>
      this.#repeat(operation, async (signal) => (await this.#driver.inspect?.({ signal })) ?? []),
    );
  }

  async close(): Promise<void> {
    this.#closing ??= this.#driver.close();
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Reads the value back after a write that may or may not have happened. `undefined`: it has not happened yet. */
  async #settle(
    operation: Operation,
    key: string,
    writeId: string,
    precondition: Precondition,
    error: unknown,
    failure: DriverFailure,
  ): Promise<{ readonly version: string } | undefined> {
    let record: DriverRecord | null;
    try {
      record = await this.#readUntilDeadline(operation, key);
    } catch {
      throw this.#error(operation, failure, error, "unknown");
    }
    switch (judgeWrite(writeId, precondition, record)) {
      case "applied":
        return { version: record?.version ?? "" };
      case "conflict":
        throw this.#error(operation, conflictFailure, error, "not-applied");
      case "unknown":
        throw this.#error(operation, failure.code === "conflict" ? overwrittenFailure : failure, error, "unknown");
      case "pending":
        return undefined;
    }
  }

  /** Looks at what is there when a deletion whose answer was lost finds another version than the one it was to remove. */
  async #settleRemoval(
    operation: Operation,
    key: string,
    version: string,
    error: unknown,
    failure: DriverFailure,
  ): Promise<true> {
    let record: DriverRecord | null;
    try {
      record = await this.#readUntilDeadline(operation, key);
    } catch {
      throw this.#error(operation, overwrittenFailure, error, "unknown");
    }
    if (record === null) return true;
    if (isSuccessor(version, record)) throw this.#error(operation, failure, error, "not-applied");
    throw this.#error(operation, overwrittenFailure, error, "unknown");
  }

  async #read(operation: Operation, key: string): Promise<DriverRecord | null> {
    return await this.#repeat(operation, (signal) => this.#driver.read(key, { signal }));
  }

  /** Reads what settles a write: not to know costs the caller more than the time that is left. */
  async #readUntilDeadline(operation: Operation, key: string): Promise<DriverRecord | null> {
    return await this.#repeat(operation, (signal) => this.#driver.read(key, { signal }), Infinity);
  }

  /** Tries a request that changes nothing until it succeeds or the policy ends it. */
  async #repeat<Result>(
    operation: Operation,
    request: (signal: AbortSignal) => Promise<Result>,
    maxAttempts = this.#policy.maxAttempts,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(operation, request);
      } catch (error) {
        const failure = this.#classify(operation, error);
        if (!failure.retryable || attempt >= maxAttempts) throw this.#error(operation, failure, error, undefined);
        await this.#backOff(operation, attempt, failure, error, undefined);
      }
    }
  }

  async #attempt<Result>(operation: Operation, request: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const leftMs = operation.deadlineAt - performance.now();
    if (leftMs <= 0) throw new AttemptTimeoutError(operation.timeoutMs);
    const result = withDeadline(operation.signal, Math.min(leftMs, this.#policy.attemptTimeoutMs), (signal) => {
      operation.trace.attempts += 1;
      return request(signal);
    });
    return await result;
  }

  /** Waits before the next attempt; rejects with the last error if the wait would not end before the deadline. */
  async #backOff(
    operation: Operation,
    attempt: number,
    failure: DriverFailure,
    error: unknown,
    inDoubt: boolean | undefined,
  ): Promise<void> {
    const outcome = inDoubt === undefined ? undefined : inDoubt ? "unknown" : "not-applied";
    const waitMs = backOffMs(attempt, failure.retryAfterMs);
    if (operation.deadlineAt - performance.now() <= waitMs) throw this.#error(operation, failure, error, outcome);
    try {
      await pause(waitMs, operation.signal);
    } catch (abort) {
      throw this.#error(operation, this.#classify(operation, abort), abort, outcome);
    }
  }

  async #run<Result>(
    name: OperationTrace["operation"],
    key: string | undefined,
    options: OperationOptions,
    work: (operation: Operation) => Promise<Result>,
  ): Promise<Result> {
    const timeoutMs =
      options.timeoutMs === undefined
        ? this.#policy.timeoutMs
        : positiveInteger("timeoutMs", options.timeoutMs, this.backend);
    const trace: OperationTrace = { backend: this.backend, operation: name, key, attempts: 0 };
    const operation: Operation = {
      name,
      key,
      timeoutMs,
      deadlineAt: performance.now() + timeoutMs,
      signal: options.signal,
      trace,
    };
    return await storeTracing.tracePromise(async () => {
      if (this.#closing !== undefined) throw this.#error(operation, closedFailure, undefined, undefined);
      if (operation.signal?.aborted === true) {
        const outcome = name === "put" || name === "delete" ? "not-applied" : undefined;
        throw this.#error(operation, abortedFailure, operation.signal.reason, outcome);
      }
      return await work(operation);
    }, trace);
  }

  /** Runs an operation once fewer are under way than the driver wants at once. The wait is part of its time. */
  async #runInTurn<Result>(
    name: "get" | "put" | "delete",
    key: string,
    options: OperationOptions,
    work: (operation: Operation) => Promise<Result>,
  ): Promise<Result> {
    return await this.#run(name, key, options, async (operation) => {
      const outcome = name === "get" ? undefined : "not-applied";
      try {
        if (!this.#turns.begin()) {
          await withDeadline(operation.signal, operation.timeoutMs, (signal) => this.#turns.wait(signal));
        }
      } catch (error) {
        const failure = operation.signal?.aborted === true ? abortedFailure : overloadedFailure;
        throw this.#error(operation, failure, error, outcome);
      }
      try {
        if (this.#closing !== undefined) throw this.#error(operation, closedFailure, undefined, outcome);
        return await work(operation);
      } finally {
        this.#turns.end();
      }
    });
  }

  #classify(operation: Operation, error: unknown): DriverFailure {
    if (operation.signal?.aborted === true) return abortedFailure;
    if (error instanceof PreconditionFailedError) return conflictFailure;
    if (error instanceof AttemptTimeoutError) {
      return { ...timeoutFailure, message: `there was no answer within ${Math.round(error.timeoutMs)} ms` };
    }
    return this.#driver.classify(error);
  }

  #error(
    operation: Operation,
    failure: DriverFailure,
    cause: unknown,
    outcome: "not-applied" | "unknown" | undefined,
  ): CheckpointError {
    if (CheckpointError.is(cause)) return cause;
    const { code, message, remedy } = failure;
    const object = operation.key === undefined ? "" : ` ${JSON.stringify(operation.key)}`;
    const doubt =
      outcome === "unknown" ? " It is unknown whether the write was applied: read the key to find out." : "";
    const text = `${this.backend}: cannot ${operation.name}${object} at ${this.location}: ${message}.${doubt}${remedy === undefined ? "" : ` ${remedy}`}`;
    return new CheckpointError(code, text, {
      backend: this.backend,
      operation: operation.name,
      key: operation.key,
      retryable: failure.retryable,
      outcome,
      cause,
    });
  }

  #assertBody(key: string, body: unknown): void {
    const { maxBodyBytes } = this.capabilities;
    const details = { backend: this.backend, operation: "put", key, outcome: "not-applied" } as const;
    if (!(body instanceof Uint8Array)) {
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

  #unsupported(operation: string, key: string, option: string, capability: keyof Capabilities): CheckpointError {
    return new CheckpointError(
      "unsupported",
      `${this.backend}: cannot ${operation} ${JSON.stringify(key)} with ${option}: the store at ${this.location} has not declared the capability ${capability}.`,
      { backend: this.backend, operation, key, outcome: "not-applied" },
    );
  }
}

/** Not awaited: a driver that hangs in a page would hang the caller, who has left. */
function leave(pages: AsyncIterator<unknown> | undefined): void {
  pages?.return?.().catch(() => undefined);
}

const conflictFailure: DriverFailure = {
  code: "conflict",
  retryable: false,
  outcome: "not-applied",
  message: "the precondition does not hold: somebody else has written or removed the value",
};

const overwrittenFailure: DriverFailure = {
  code: "unavailable",
  retryable: false,
  outcome: "unknown",
  message: "the answer to the write was lost, and somebody else has written or removed the value since",
};

const timeoutFailure: DriverFailure = {
  code: "timeout",
  retryable: true,
  outcome: "unknown",
  message: "there was no answer in time",
  remedy: "Check that the server is reachable, or allow more time with timeoutMs.",
};

const overloadedFailure: DriverFailure = {
  code: "timeout",
  retryable: true,
  outcome: "not-applied",
  message: "so many other operations were under way all the time that this one was not begun",
  remedy: "Ask for fewer at once, add processes, or allow more time with timeoutMs.",
};

const abortedFailure: DriverFailure = {
  code: "aborted",
  retryable: false,
  outcome: "unknown",
  message: "the caller aborted the operation",
};

const closedFailure: DriverFailure = {
  code: "closed",
  retryable: false,
  outcome: "not-applied",
  message: "the store is closed",
};
