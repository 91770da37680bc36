import { createHoldsIn } from "../src/holds/create-holds.ts";
import { HoldError } from "../src/holds/hold-error.ts";
import type { HoldRequest } from "../src/holds/hold-ask.ts";
import type { Holds } from "../src/holds/holds.ts";
import type { HoldEnvironment } from "../src/holds/machine/hold-environment.ts";
import { NotApplied } from "../src/holds/not-applied.ts";
import { createMemoryStore } from "../src/drivers/memory-store.ts";
import { CheckpointError } from "../src/store/checkpoint-error.ts";
import type { CheckpointStore } from "../src/store/checkpoint-store.ts";
import type { ModelExpiry, ModelWork } from "./hold-model.ts";
import { person } from "./holds-fixture.ts";
import { VirtualTime } from "./virtual-time.ts";
import type { VirtualProcess } from "./virtual-time.ts";

export const id = "a";
export const leaseMs = 30_000;
export const expiresInMs = 600_000;

/** What of a hold's document the model knows as well. */
interface StoredHold {
  readonly state: string;
  readonly ended?: string;
  readonly answer?: { readonly by: { readonly subject: string } };
  readonly votes?: readonly { readonly by: { readonly subject: string } }[];
  readonly attempts?: number;
  readonly claim?: { readonly attempt: number };
  readonly receipt?: { readonly value?: string };
  readonly end?: { readonly at: string };
  readonly log: readonly { readonly did: string }[];
}

/** Makes the holds under test. */
export type CreateHolds = (store: CheckpointStore, environment: HoldEnvironment) => Holds;

/** A process of a {@link HoldWorld}. */
export interface WorldProcess {
  process: VirtualProcess;
  holds: Holds;
  isSuspended: boolean;
  /** Whether the store cannot be reached from here. */
  isDown: boolean;
}

/** Work that has begun and has not come to its end. */
export interface WorldWork {
  /** What the model knows it as. */
  model?: ModelWork;
  readonly host: WorldProcess;
  readonly attempt: number;
  readonly key: string;
  readonly signal: AbortSignal;
  readonly receipt: string;
  readonly end: (how: "return" | "throw" | "not-applied") => void;
  readonly acted: Promise<string>;
  hasPaid: boolean;
  isDead: boolean;
}

/** What somebody who acts is told: that the work has begun, or the end. */
export type Begun = { readonly work: WorldWork } | { readonly told: string };

/** A few processes on a memory store and on virtual time, and whom their work pays. */
export class HoldWorld {
  readonly time = new VirtualTime();
  readonly store: CheckpointStore;
  readonly processes: WorldProcess[];
  works: WorldWork[] = [];
  /** The key of each payment for the hold as it is asked now. */
  payments: string[] = [];
  /** Attempts up to this one are paid nothing any more. */
  closedAttempts = 0;
  readonly #createHolds: CreateHolds;
  readonly #request: HoldRequest;
  #starts = 0;
  #begun = 0;

  private constructor(store: CheckpointStore, createHolds: CreateHolds, request: HoldRequest) {
    this.store = store;
    this.#createHolds = createHolds;
    this.#request = request;
    this.processes = [0, 1, 2].map(() => this.#start());
  }

  static async create(
    approvals: number,
    expiry: ModelExpiry,
    createHolds: CreateHolds = createHoldsIn,
  ): Promise<HoldWorld> {
    const onExpiry = expiry === "approve" || expiry === "reject" ? { onExpiry: { decision: expiry } } : {};
    return new HoldWorld(await createMemoryStore(), createHolds, {
      ask: { message: "", decisions: ["approve", "reject"] },
      approvals,
      ...(expiry === "never" ? {} : { expiresInMs, ...onExpiry, allowOnExpiry: expiry }),
    });
  }

  /** A process that does not stand still, and what its clock shows. */
  running(index: number): { readonly host: WorldProcess; readonly nowMs: number } {
    const host = [0, 1, 2]
      .map((offset) => this.processes[(index + offset) % this.processes.length])
      .find((process) => process?.isSuspended === false);
    if (host === undefined) throw new Error("everybody stands still");
    return { host, nowMs: host.process.now().getTime() };
  }

  /** Whose work this is, or anybody where nobody works. */
  hostOf(which: number): WorldProcess {
    return this.works[which % Math.max(1, this.works.length)]?.host ?? this.running(which).host;
  }

  /** The hold's document, as it is. */
  async stored(): Promise<StoredHold | undefined> {
    const found = await this.store.get(`holds/${id}.json`);
    return found === null ? undefined : (JSON.parse(new TextDecoder().decode(found.body)) as StoredHold);
  }

  /** Whether whoever works shows that they live. */
  isAlive({ host, isDead }: WorldWork): boolean {
    return !isDead && !host.isSuspended && !host.isDown;
  }

  async open(host: WorldProcess, message: string): Promise<string> {
    const ask = { message, decisions: ["approve", "reject"] };
    return await this.#told(host.holds.open(id, { ...this.#request, ask }).then(({ outcome }) => outcome));
  }

  async answer(host: WorldProcess, by: string, decision: string): Promise<string> {
    const answered = host.holds.answer(id, { decision }, { by: person(by) });
    return await this.#told(answered.then(({ outcome }) => outcome));
  }

  /**
   * Begins to act.
   *
   * @param waitMs how long it waits for whoever acts already; 0 is not at all
   */
  async act(host: WorldProcess, whenInDoubt: "stop" | "again", waitMs: number): Promise<Begun> {
    const begun = Promise.withResolvers<WorldWork>();
    const given = new AbortController();
    const ended = Promise.withResolvers<"return" | "throw" | "not-applied">();
    this.#begun += 1;
    const receipt = `receipt ${this.#begun}`;
    const acted = this.#told(
      host.holds
        .act<string>(
          id,
          async ({ attempt, idempotencyKey: key, signal }) => {
            const work = {
              host,
              attempt,
              key,
              signal,
              receipt,
              end: ended.resolve,
              acted,
              hasPaid: false,
              isDead: false,
            };
            begun.resolve(work);
            const how = await ended.promise;
            if (how === "throw") throw new Error("the payee did not answer");
            if (how === "not-applied") throw new NotApplied("refused");
            return receipt;
          },
          { whenInDoubt, leaseMs, ifActing: waitMs === 0 ? "refuse" : "wait", signal: given.signal },
        )
        .then((done) => (done.outcome === "done" ? `done: ${String(done.omitted ?? done.receipt)}` : done.outcome)),
    );
    const first = Promise.race([begun.promise.then((work) => ({ work })), acted.then((told) => ({ told }))]);
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    first.then(settle, settle);
    if (waitMs > 0) {
      await this.time.pass(waitMs);
      // Still waiting for somebody who lives; the signal of work that has begun is left alone.
      if (!isSettled) given.abort(new Error("enough"));
    }
    const result = await this.time.until(first);
    if ("work" in result) this.works.push(result.work);
    return "told" in result && result.told === "enough" ? { told: "acting" } : result;
  }

  /** Asks the payee to pay; says whether it did. */
  pay(work: WorldWork): boolean {
    if (work.attempt <= this.closedAttempts) return false;
    this.payments.push(work.key);
    work.hasPaid = true;
    return true;
  }

  async end(work: WorldWork, how: "return" | "throw" | "not-applied"): Promise<string> {
    this.works = this.works.filter((other) => other !== work);
    work.end(how);
    return await this.time.until(work.acted);
  }

  async settle(host: WorldProcess, applied: boolean, receipt: string, waitMs: number): Promise<string> {
    const given = new AbortController();
    const settled = this.#told(
      host.holds
        .settle(id, applied ? { applied, receipt } : { applied }, {
          ifActing: waitMs === 0 ? "refuse" : "wait",
          signal: given.signal,
        })
        .then((isFirst) => (isFirst ? "settled" : "settled before")),
    );
    if (waitMs > 0) {
      await this.time.pass(waitMs);
      given.abort(new Error("enough"));
    }
    const told = await this.time.until(settled);
    return told === "enough" ? "acting" : told;
  }

  async cancel(host: WorldProcess): Promise<string> {
    const canceled = host.holds.cancel(id);
    return await this.#told(canceled.then((isFirst) => (isFirst ? "canceled now" : "canceled before")));
  }

  async forget(host: WorldProcess): Promise<string> {
    const forgotten = host.holds.forget(id);
    return await this.#told(forgotten.then((isThere) => (isThere ? "forgotten" : "nothing to forget")));
  }

  /** Kills a process, and starts another in its place. */
  kill(killed: WorldProcess): void {
    killed.process.kill();
    for (const work of this.works) if (work.host === killed) work.isDead = true;
    this.works = this.works.filter((work) => !work.isDead);
    this.processes[this.processes.indexOf(killed)] = this.#start();
  }

  /** Nobody works on what was forgotten any more. */
  abandon(): void {
    this.works = [];
    this.payments = [];
    this.closedAttempts = 0;
  }

  #start(): WorldProcess {
    this.#starts += 1;
    const process = this.time.process(`process-${this.#starts}`);
    const started: WorldProcess = { process, holds: undefined as never, isSuspended: false, isDown: false };
    started.holds = this.#createHolds(
      reachable(this.store, () => !started.isDown),
      process,
    );
    return started;
  }

  async #told(promise: Promise<string>): Promise<string> {
    return await promise.catch((error: unknown) => {
      if (HoldError.is(error)) return error.code;
      if (NotApplied.is(error)) return "NotApplied";
      if (error instanceof Error && error.message === "enough") return "enough";
      throw error;
    });
  }
}

/** The same store, as long as it can be reached. */
function reachable(store: CheckpointStore, isUp: () => boolean): CheckpointStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name === "list" || typeof member !== "function")
        return typeof member === "function" ? member.bind(target) : member;
      return async (...parameters: readonly unknown[]): Promise<unknown> => {
        if (!isUp()) throw new CheckpointError("unavailable", "down", { retryable: true, outcome: "not-applied" });
        return await Reflect.apply(member, target, parameters);
      };
    },
  });
}
