import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { ActorCommand } from "@holdpoint/actors/mesh";

import { ActorProcess } from "../../../packages/actors/src/mesh/actor-process.ts";
import type { RunningActor } from "../../../packages/actors/src/mesh/running-actor.ts";
import type { Random } from "./random.ts";
import type { TortureCounts } from "./torture-counts.ts";

const startTimeoutMs = 120_000;
// A machine that stands still for some seconds fails a start; a store that cannot be used fails all of them, and is to
// be heard of soon.
const maxFailedFirstStarts = 2;
const maxFailedStarts = 20;
const noticeMs = 50;
const keptReports = 3;

/** The actors of the ledger. */
export type ActorName = "x-pause" | "x-resume";

/** One process of an actor. */
export interface Replica {
  readonly name: string;
  readonly actor: ActorName;
  readonly socketPath: string;
}

interface OwnReplica extends Replica {
  readonly process: RunningActor;
  isReady: boolean;
  /** While it is killed and started again. */
  restarting: Promise<void> | undefined;
}

/** What an {@link ActorPool} starts. */
export interface ActorPoolOptions {
  readonly commands: Readonly<Record<ActorName, ActorCommand>>;
  /** Processes of each actor. */
  readonly replicas: number;
  readonly random: Random;
  readonly counts: TortureCounts;
}

/** A few processes of each actor, any of which may be killed and is started again. */
export class ActorPool implements AsyncDisposable {
  /** What the first processes that ended by themselves wrote last. */
  readonly crashReports: string[] = [];
  readonly #directory: string;
  readonly #random: Random;
  readonly #counts: TortureCounts;
  readonly #replicas: readonly OwnReplica[];
  #waiting: (() => void)[] = [];
  #failure: Error | undefined;
  #closing = false;

  private constructor(directory: string, options: ActorPoolOptions) {
    this.#directory = directory;
    this.#random = options.random;
    this.#counts = options.counts;
    this.#replicas = (["x-pause", "x-resume"] as const).flatMap((actor) =>
      Array.from({ length: options.replicas }, (_, index) => {
        const name = `${actor}-${index + 1}`;
        const socketDirectory = join(directory, name);
        const process = new ActorProcess(options.commands[actor], {
          name: actor,
          socketDirectory,
          startTimeoutMs,
          onOutput: () => {},
        });
        return { name, actor, socketPath: process.socketPath, process, isReady: false, restarting: undefined };
      }),
    );
  }

  /**
   * Starts every process, and resolves once all can be dialled.
   *
   * @throws {Error} if one cannot be started; with what it wrote last
   */
  static async start(options: ActorPoolOptions): Promise<ActorPool> {
    const directory = await mkdtemp(join(tmpdir(), "torture-"));
    const pool = new ActorPool(directory, options);
    process.once("exit", pool.#killAll);
    try {
      for (const { name } of pool.#replicas) await mkdir(join(directory, name));
      const starts = await Promise.allSettled(pool.#replicas.map((own) => pool.#start(own, maxFailedFirstStarts)));
      for (const start of starts) if (start.status === "rejected") throw start.reason;
    } catch (error) {
      await pool[Symbol.asyncDispose]();
      throw error;
    }
    return pool;
  }

  /** One of the actor's processes that can be dialled, as soon as there is one. */
  async pick(actor: ActorName): Promise<Replica> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const [first, ...others] = this.#replicas.filter((replica) => replica.actor === actor && replica.isReady);
      if (first !== undefined) return this.#random.pick([first, ...others]);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Whether a process may be killed: while one is down, the others are left alone, or nothing would ever be done. */
  get isWhole(): boolean {
    return this.#replicas.every(({ isReady }) => isReady);
  }

  /** Kills a process, as `kill -9` does, and starts it again after a while. */
  killAndRestart(replica: Replica, downMs: number): void {
    const own = this.#own(replica);
    if (!own.isReady || this.#closing) return;
    this.#counts.kills += 1;
    this.#restart(own, async () => {
      await own.process.kill("SIGKILL");
      await sleep(downMs);
    });
  }

  /** Looks after a process that broke off; resolves at once if it was killed. */
  async revive(replica: Replica): Promise<void> {
    const own = this.#own(replica);
    if (!own.isReady || this.#closing) return;
    // Its end may be noticed here before it is told there.
    const ended = await Promise.race([
      sleep(noticeMs, "unknown" as const),
      own.process.ready().then(
        () => undefined,
        (error: Error) => error,
      ),
    ]);
    if (ended === undefined || !own.isReady) return;
    if (ended !== "unknown" && this.crashReports.length < keptReports) this.crashReports.push(ended.message);
    this.#counts.crashes += 1;
    this.#restart(own, async () => {});
  }

  #restart(own: OwnReplica, before: () => Promise<void>): void {
    own.isReady = false;
    own.restarting = this.#startAgain(own, before).catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#wake();
    });
  }

  async #startAgain(own: OwnReplica, before: () => Promise<void>): Promise<void> {
    await before();
    await this.#start(own, maxFailedStarts);
    own.restarting = undefined;
    this.#wake();
  }

  async #start(own: OwnReplica, maxFailed: number): Promise<void> {
    for (let failed = 0; !this.#closing; failed += 1) {
      try {
        await own.process.start();
        own.isReady = true;
        return;
      } catch (error) {
        // A container that does not start is started again.
        if (failed === maxFailed) throw error;
        this.#counts.failedStarts += 1;
      }
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  readonly #killAll = (): void => {
    for (const replica of this.#replicas) void replica.process.kill("SIGKILL");
    rmSync(this.#directory, { recursive: true, force: true });
  };

  #own(replica: Replica): OwnReplica {
    const own = this.#replicas.find(({ name }) => name === replica.name);
    if (own === undefined) throw new Error(`There is no process ${replica.name}.`);
    return own;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#replicas.map(async ({ restarting }) => await restarting));
    // They hold nothing that is not in the store.
    await Promise.all(this.#replicas.map(({ process }) => process.kill("SIGKILL")));
    process.off("exit", this.#killAll);
    await rm(this.#directory, { recursive: true, force: true });
  }
}
