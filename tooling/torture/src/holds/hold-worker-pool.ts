import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import type { Random } from "../random.ts";
import type { HoldCounts } from "./hold-counts.ts";
import type { FromWorker, HoldOrder, HoldReport, Payment, PaymentAnswer, ToWorker } from "./hold-order.ts";

const maxFailedStarts = 10;
const keptReports = 3;
const keptCharacters = 4_000;

/** What a {@link HoldWorkerPool} starts. */
export interface HoldWorkerPoolOptions {
  /** The program of a worker. */
  readonly script: URL;
  readonly processes: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly random: Random;
  readonly counts: HoldCounts;
  /** Told of each payment that a worker asks for; `undefined`: the worker hears nothing. */
  readonly onPayment: (payment: Payment, worker: HoldWorker) => PaymentAnswer | undefined;
}

/** One process that carries out orders. */
export interface HoldWorker {
  readonly name: string;
}

interface OwnWorker extends HoldWorker {
  child: ChildProcess | undefined;
  state: "down" | "runs" | "stopped";
  readonly orders: Map<number, (report: HoldReport | undefined) => void>;
  /** What it wrote last. */
  output: string;
}

/** A few worker processes, any of which may be killed or stopped, and goes on after a while. */
export class HoldWorkerPool implements AsyncDisposable {
  /** What the first processes that ended by themselves wrote last. */
  readonly crashReports: string[] = [];
  readonly #options: HoldWorkerPoolOptions;
  readonly #workers: readonly OwnWorker[];
  #waiting: (() => void)[] = [];
  #failure: Error | undefined;
  #closing = false;
  #orders = 0;

  private constructor(options: HoldWorkerPoolOptions) {
    this.#options = options;
    this.#workers = Array.from({ length: options.processes }, (_, index) => {
      return { name: `worker-${index + 1}`, child: undefined, state: "down", orders: new Map(), output: "" };
    });
  }

  /**
   * Starts every process, and resolves once all take orders.
   *
   * @throws {Error} if one cannot be started; with what it wrote last
   */
  static async start(options: HoldWorkerPoolOptions): Promise<HoldWorkerPool> {
    const pool = new HoldWorkerPool(options);
    process.once("exit", pool.#killAll);
    await Promise.all(pool.#workers.map(async (worker) => await pool.#restart(worker, 0)));
    if (pool.#failure === undefined) return pool;
    await pool[Symbol.asyncDispose]();
    throw pool.#failure;
  }

  /** Hands an order to one of the processes; resolves to `undefined` if it goes away before it has answered. */
  async order(order: HoldOrder, onOrder: (worker: HoldWorker) => void): Promise<HoldReport | undefined> {
    const worker = await this.#pick();
    this.#orders += 1;
    const { promise, resolve } = Promise.withResolvers<HoldReport | undefined>();
    worker.orders.set(this.#orders, resolve);
    send(worker.child, { order: this.#orders, what: order });
    onOrder(worker);
    return await promise;
  }

  /** Whether a process may be killed or stopped: some other has to run, or nothing would ever be done. */
  get isWhole(): boolean {
    return this.#workers.filter(({ state }) => state === "runs").length > 1;
  }

  /** Kills a process, as `kill -9` does, and starts it again after a while; says whether there was one that ran. */
  killAndRestart({ name }: HoldWorker, downMs: number): boolean {
    const worker = this.#own(name);
    if (worker.state !== "runs" || this.#closing) return false;
    this.#options.counts.kills += 1;
    this.#options.counts.killedInHand += worker.orders.size;
    worker.state = "down";
    worker.child?.kill("SIGKILL");
    void this.#restart(worker, downMs);
    return true;
  }

  /** Stops a process, as SIGSTOP does, for a while. */
  async stopFor({ name }: HoldWorker, ms: number): Promise<void> {
    const worker = this.#own(name);
    if (worker.state !== "runs" || this.#closing) return;
    this.#options.counts.stops += 1;
    worker.state = "stopped";
    worker.child?.kill("SIGSTOP");
    await sleep(ms);
    worker.child?.kill("SIGCONT");
    worker.state = "runs";
    this.#wake();
  }

  async #pick(): Promise<OwnWorker> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const [first, ...others] = this.#workers.filter(({ state }) => state === "runs");
      if (first !== undefined) return this.#options.random.pick([first, ...others]);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async #start(worker: OwnWorker): Promise<void> {
    const { script, variables } = this.#options;
    const child = fork(fileURLToPath(script), [], {
      env: { ...process.env, ...variables },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    worker.child = child;
    worker.output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        worker.output = `${worker.output}${text}`.slice(-keptCharacters);
      });
    }
    const ready = Promise.withResolvers<void>();
    child.on("message", (message: FromWorker) => {
      if ("ready" in message) ready.resolve();
      else if ("report" in message) {
        worker.orders.get(message.order)?.(message.report);
        worker.orders.delete(message.order);
      } else {
        const answer = this.#options.onPayment(message.what, worker);
        if (answer !== undefined) send(child, { payment: message.payment, answer });
      }
    });
    child.once("exit", () => {
      ready.reject(new Error(`${worker.name} ended before it took orders:\n${worker.output}`));
      for (const resolve of worker.orders.values()) resolve(undefined);
      worker.orders.clear();
      if (worker.state === "down" || this.#closing) return;
      worker.state = "down";
      this.#options.counts.crashes += 1;
      if (this.crashReports.length < keptReports) this.crashReports.push(`${worker.name}:\n${worker.output}`);
      void this.#restart(worker, 0);
    });
    await ready.promise;
    worker.state = "runs";
    this.#wake();
  }

  async #restart(worker: OwnWorker, downMs: number): Promise<void> {
    await ended(worker.child);
    await sleep(downMs);
    for (let failed = 0; !this.#closing; failed += 1) {
      try {
        await this.#start(worker);
        return;
      } catch (error) {
        // A fault on its way to the store; whoever runs it starts it again.
        this.#options.counts.failedStarts += 1;
        if (failed < maxFailedStarts) continue;
        this.#failure = error as Error;
        this.#wake();
        return;
      }
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #own(name: string): OwnWorker {
    const own = this.#workers.find((worker) => worker.name === name);
    if (own === undefined) throw new Error(`There is no process ${name}.`);
    return own;
  }

  readonly #killAll = (): void => {
    for (const { child } of this.#workers) child?.kill("SIGKILL");
  };

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    process.off("exit", this.#killAll);
    await Promise.all(
      this.#workers.map(async ({ child }) => {
        // They hold nothing that is not in the store.
        child?.kill("SIGKILL");
        await ended(child);
      }),
    );
  }
}

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  await once(child, "exit");
}

function send(child: ChildProcess | undefined, message: ToWorker): void {
  // A process that was killed a moment ago still counts as connected; its end says the same.
  child?.send(message, () => undefined);
}
