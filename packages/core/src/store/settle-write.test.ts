import { ok as assert } from "node:assert/strict";

import { beforeAll, describe, expect, it, vi } from "vitest";

import type { CheckpointDriver, DriverFailure, DriverRecord, DriverWrite } from "./checkpoint-driver.ts";
import { PreconditionFailedError } from "./checkpoint-driver.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import type { Clock } from "./clock.ts";
import { PortableStore } from "./portable-store.ts";
import { createWriteId } from "./write-id.ts";

// Every sequence of what a driver can do, up to the policy's attempts and its deadline, and whether what the store then
// says is true: applied, conflict (not applied, and never will be), not applied, or unknown.

const policy = { timeoutMs: 250, attemptTimeoutMs: 100, maxAttempts: 3 };
// A stranger can act at every moment; fewer moments, and the figures stay such that this takes seconds.
const policyAmongStrangers = { timeoutMs: 200, attemptTimeoutMs: 100, maxAttempts: 2 };
const requestMs = 40;

/** Goes through a tree of choices, depth first: each walk takes one way from the root to a leaf. */
class Choices {
  readonly #taken: { choice: number; readonly count: number }[] = [];
  #depth = 0;

  choose<Option>(options: readonly [Option, ...Option[]]): Option {
    const taken = this.#taken[this.#depth] ?? { choice: 0, count: options.length };
    this.#taken[this.#depth] = taken;
    this.#depth += 1;
    return options[taken.choice] ?? options[0];
  }

  /** Whether there is another way. */
  next(): boolean {
    this.#depth = 0;
    for (let last = this.#taken.at(-1); last !== undefined; last = this.#taken.at(-1)) {
      last.choice += 1;
      if (last.choice < last.count) return true;
      this.#taken.pop();
    }
    return false;
  }
}

/** Time that passes only when a request takes some, or when nothing but a wait is left to do. */
class StagedClock implements Clock {
  /** How many requests have begun. */
  requests = 0;
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    const before = this.requests;
    this.#timers.add(timer);
    // Unless it is the deadline of a request that begins in the same breath.
    queueMicrotask(() => {
      if (this.requests === before && this.#timers.has(timer)) this.elapse(ms);
    });
    return () => this.#timers.delete(timer);
  }

  elapse(ms: number): void {
    this.#now += ms;
    const due = [...this.#timers].filter(({ at }) => at <= this.#now);
    for (const timer of due) {
      this.#timers.delete(timer);
      timer.callback();
    }
  }

  elapseToDeadline(): void {
    const [timer] = [...this.#timers].toSorted((one, other) => one.at - other.at);
    this.elapse((timer?.at ?? this.#now) - this.#now);
  }
}

class Failure extends Error {
  readonly failure: DriverFailure;

  constructor(retryable: boolean, outcome: DriverFailure["outcome"]) {
    super("failed");
    this.failure = { code: "unavailable", retryable, outcome, message: "it failed" };
  }
}

const arrivals = ["at once", "late"] as const;
type Arrival = (typeof arrivals)[number];

/** How a request ends whose answer does not come. */
const losses = ["lost", "lost for good", "hangs", "aborted"] as const;

type WriteFate =
  | { readonly name: "answered" | "busy" | "refused" }
  | { readonly name: (typeof losses)[number]; readonly arrival: Arrival };

const writeFates: readonly [WriteFate, ...WriteFate[]] = [
  { name: "answered" },
  { name: "busy" },
  { name: "refused" },
  ...losses.flatMap((name) => arrivals.map((arrival): WriteFate => ({ name, arrival }))),
];

/** What somebody else does, once, at any moment. */
const strangers = {
  nobody: undefined,
  "who updates": "update",
  "who overwrites": "overwrite",
  "who creates": "create",
  "who removes": "remove",
  "another program that writes": "foreign",
} as const;
type Stranger = (typeof strangers)[keyof typeof strangers];

type Current = { readonly version: string; readonly writeId: string | undefined } | null;

/** One server, and one network to it, on which all goes as the choices say. */
class ChosenDriver implements CheckpointDriver {
  readonly backend = "chosen";
  readonly location = "chosen://here";
  readonly capabilities = { conditionalDelete: true, ttl: false, uniqueVersions: true, maxBodyBytes: 8 };
  /** How often a write of the store's took effect. */
  landed = 0;
  /** Whether an attempt at the write ended so that nobody can tell. */
  hadDoubt = false;
  /** Whether a true answer to a read has shown the store its own write. */
  hasShownOwn = false;
  /** Whether there was nothing at some moment since the operation began. */
  wasAbsent: boolean;
  current: Current;
  readonly #choices: Choices;
  readonly #clock: StagedClock;
  readonly #abort: AbortController;
  #stranger: Stranger;
  #before: Current;
  #versions = 1;
  #underWay: (() => void)[] = [];
  #ownWriteId = "none yet";

  constructor(choices: Choices, clock: StagedClock, abort: AbortController, stranger: Stranger, current: Current) {
    this.#choices = choices;
    this.#clock = clock;
    this.#abort = abort;
    this.#stranger = stranger;
    this.current = current;
    this.#before = current;
    this.wasAbsent = current === null;
  }

  async write(_key: string, _body: Uint8Array, { precondition, writeId }: DriverWrite): Promise<{ version: string }> {
    this.#ownWriteId = writeId;
    return await this.#change(() => {
      const holds =
        precondition.kind === "any" ||
        (precondition.kind === "absent" ? this.current === null : this.current?.version === precondition.version);
      if (!holds) throw new PreconditionFailedError();
      const version = this.#set(writeId);
      this.landed += 1;
      return { version };
    });
  }

  async remove(_key: string, ifVersion: string | undefined): Promise<boolean> {
    return await this.#change(() => {
      if (this.current === null) return false;
      if (ifVersion !== undefined && this.current.version !== ifVersion) throw new PreconditionFailedError();
      this.#before = this.current;
      this.current = null;
      this.wasAbsent = true;
      this.landed += 1;
      return true;
    });
  }

  async read(): Promise<DriverRecord | null> {
    this.#begin();
    const isNew = this.landed > 0 && this.#before !== this.current;
    const fate = this.#choices.choose([
      "true",
      "failed",
      "failed for good",
      "hangs",
      "aborted",
      ...(isNew ? ["early"] : []),
    ]);
    if (fate === "failed" || fate === "failed for good") throw new Failure(fate === "failed", "unknown");
    if (fate === "hangs" || fate === "aborted") return await this.#noAnswer(fate);
    if (fate === "true" && this.current !== null && this.current.writeId === this.#ownWriteId) this.hasShownOwn = true;
    const record = fate === "early" ? this.#before : this.current;
    return record === null ? null : { ...record, body: new Uint8Array() };
  }

  /** What was still under way when the operation ended arrives then, or never. */
  end(): void {
    this.#meanwhile();
    this.#underWay = [];
  }

  async *list(): AsyncIterable<readonly []> {}
  async check(): Promise<void> {}
  async close(): Promise<void> {}

  classify(error: unknown): DriverFailure {
    if (error instanceof Failure) return error.failure;
    throw error;
  }

  async #change<Result>(apply: () => Result): Promise<Result> {
    this.#begin();
    const fate = this.#choices.choose(writeFates);
    if (!("arrival" in fate)) {
      if (fate.name === "answered") return apply();
      throw new Failure(fate.name === "busy", "not-applied");
    }
    this.hadDoubt = true;
    const arrive = (): void => {
      try {
        apply();
      } catch (error) {
        if (!(error instanceof PreconditionFailedError)) throw error;
      }
    };
    if (fate.arrival === "at once") arrive();
    else this.#underWay.push(arrive);
    if (fate.name === "lost" || fate.name === "lost for good") throw new Failure(fate.name === "lost", "unknown");
    return await this.#noAnswer(fate.name);
  }

  #begin(): void {
    this.#clock.requests += 1;
    this.#clock.elapse(requestMs);
    this.#meanwhile();
  }

  async #noAnswer(fate: "hangs" | "aborted"): Promise<never> {
    if (fate === "hangs") this.#clock.elapseToDeadline();
    else this.#abort.abort();
    return await new Promise<never>(() => {});
  }

  /** Each write that is under way may arrive now, and a stranger may act, before that or after it. */
  #meanwhile(): void {
    this.#actAsStranger();
    this.#underWay = this.#underWay.filter((arrive) => {
      const stays = this.#choices.choose([true, false]);
      if (!stays) arrive();
      return stays;
    });
    this.#actAsStranger();
  }

  #actAsStranger(): void {
    const act = this.#stranger;
    if (act === undefined || !this.#strangerCan(act) || !this.#choices.choose([false, true])) return;
    this.#stranger = undefined;
    if (act === "remove") {
      this.#before = this.current;
      this.current = null;
      this.wasAbsent = true;
    } else if (act === "foreign") this.#set(undefined);
    else if (act === "create") this.#set(createWriteId({ kind: "absent" }));
    else if (act === "overwrite") this.#set(createWriteId({ kind: "any" }));
    else this.#set(createWriteId({ kind: "version", version: this.current?.version ?? "" }));
  }

  #strangerCan(act: Exclude<Stranger, undefined>): boolean {
    if (act === "create") return this.current === null;
    return this.current !== null || act === "overwrite" || act === "foreign";
  }

  #set(writeId: string | undefined): string {
    this.#versions += 1;
    const version = `v${this.#versions}`;
    this.#before = this.current;
    this.current = { version, writeId };
    return version;
  }
}

const body = new Uint8Array([1]);
const there: Current = { version: "v1", writeId: undefined };

const writes: Readonly<
  Record<
    string,
    {
      readonly before: Current;
      readonly isPut: boolean;
      act(store: PortableStore, signal: AbortSignal): Promise<unknown>;
    }
  >
> = {
  create: { before: null, isPut: true, act: (store, signal) => store.put("key", body, { ifAbsent: true, signal }) },
  "create of what is there": {
    before: there,
    isPut: true,
    act: (store, signal) => store.put("key", body, { ifAbsent: true, signal }),
  },
  update: { before: there, isPut: true, act: (store, signal) => store.put("key", body, { ifVersion: "v1", signal }) },
  "update of what is gone": {
    before: null,
    isPut: true,
    act: (store, signal) => store.put("key", body, { ifVersion: "v1", signal }),
  },
  overwrite: { before: there, isPut: true, act: (store, signal) => store.put("key", body, { signal }) },
  delete: { before: there, isPut: false, act: (store, signal) => store.delete("key", { signal }) },
  "delete of a version": {
    before: there,
    isPut: false,
    act: (store, signal) => store.delete("key", { ifVersion: "v1", signal }),
  },
};

beforeAll(() => {
  // Each wait is half of the longest that it can be.
  const random = vi.spyOn(Math, "random").mockReturnValue(0.5);
  // What takes longest about an error.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  return () => {
    random.mockRestore();
    Error.stackTraceLimit = stackTraceLimit;
  };
});

describe("what a write says is true, whatever its driver does", () => {
  it.each(Object.entries(writes))("%s", { timeout: 120_000 }, async (name, write) => {
    const counts: Record<string, number> = {};
    for (const stranger of Object.values(strangers)) {
      const choices = new Choices();
      do {
        const clock = new StagedClock();
        const abort = new AbortController();
        const driver = new ChosenDriver(choices, clock, abort, stranger, write.before);
        const store = new PortableStore(driver, stranger === undefined ? policy : policyAmongStrangers, clock);
        const ended = await write.act(store, abort.signal).then(
          (value) => ({ value }),
          (error: unknown) => ({ error }),
        );
        const said = assertTrueSoFar(driver, write.isPut, ended);
        if (said === "conflict" || said === "not-applied") {
          driver.end();
          assert(driver.landed === 0, `it says ${said}, and was applied later`);
        }
        counts[said] = (counts[said] ?? 0) + 1;
      } while (choices.next());
    }
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    console.log(`${name}: ${total} sequences, of which ${JSON.stringify(counts)}`);
    expect(total).toBeGreaterThan(1_000);
  });
});

/** What a write said when it ended, after a look at whether that was true by then. */
function assertTrueSoFar(
  driver: ChosenDriver,
  isPut: boolean,
  ended: { readonly value: unknown } | { readonly error: unknown },
): string {
  if ("value" in ended) {
    const isTrue = isPut ? driver.landed > 0 : driver.wasAbsent && (ended.value === true || driver.landed === 0);
    assert(isTrue, `it resolved to ${JSON.stringify(ended.value)}`);
    return "applied";
  }
  const { error } = ended;
  if (!CheckpointError.is(error)) throw error;
  const { code, outcome = "nothing" } = error;
  assert(!(isPut && driver.hasShownOwn), `it has seen its own write, and says: ${error.message}`);
  if (outcome === "unknown") {
    assert(driver.hadDoubt, `there was no reason for doubt: ${error.message}`);
    assert(code !== "conflict", `it says conflict although it is in doubt: ${error.message}`);
  } else {
    assert(outcome === "not-applied" && driver.landed === 0, `it says ${outcome}: ${error.message}`);
  }
  return code === "conflict" ? code : outcome;
}
