import { setTimeout as sleep } from "node:timers/promises";

import type { Random } from "./random.ts";

const maxInstantMs = 200;

/** What a {@link ServerRestarter} does, and how often. */
export interface ServerRestarterOptions {
  /** Ends the server and starts it again; resolves once it can be used. */
  readonly restart: () => Promise<void>;
  /** How many deliveries that succeed there are to one restart, on average. */
  readonly deliveriesPerRestart: number;
  readonly random: Random;
  readonly counts: { serverRestarts: number };
}

/** Restarts the store's server at random instants while messages are delivered, one restart at a time. */
export class ServerRestarter {
  /** Rejects if the server could not be started again; never resolves. */
  readonly failed: Promise<never>;
  readonly #options: ServerRestarterOptions;
  readonly #fail: (error: unknown) => void;
  #untilRestart: number;
  #restarting: Promise<void> | undefined;

  constructor(options: ServerRestarterOptions) {
    const { promise, reject } = Promise.withResolvers<never>();
    // Whoever waits for the tasks hears of it; afterwards nobody does.
    promise.catch(() => {});
    this.failed = promise;
    this.#fail = reject;
    this.#options = options;
    this.#untilRestart = options.random.integer(1, options.deliveriesPerRestart);
  }

  /** To be told of each delivery that succeeds: a server that fails all of them is left alone. */
  onSuccess(): void {
    if (this.#restarting !== undefined) return;
    this.#untilRestart -= 1;
    if (this.#untilRestart > 0) return;
    const { random, deliveriesPerRestart } = this.#options;
    this.#untilRestart = random.integer(1, 2 * deliveriesPerRestart);
    this.#restarting = this.#restart(random.integer(0, maxInstantMs)).catch(this.#fail);
  }

  /** Resolves once no restart is under way. */
  async settled(): Promise<void> {
    await this.#restarting;
  }

  async #restart(instantMs: number): Promise<void> {
    const { restart, counts } = this.#options;
    await sleep(instantMs);
    await restart();
    counts.serverRestarts += 1;
    this.#restarting = undefined;
  }
}
