import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

import { actorSocket } from "../actor-socket.ts";
import { isServed } from "../free-socket.ts";
import type { MeshOutput } from "./mesh-events.ts";
import type { RunningActor } from "./running-actor.ts";

// The sidecar looks for the ready file again and again as well.
const readyPollMs = 10;
const stopGraceMs = 5000;
const keptLines = 20;

/** An actor that a mesh starts as a process of its own. */
export interface ActorCommand {
  readonly command: string;
  /** @default none */
  readonly args?: readonly string[] | undefined;
  /** Added to this process's environment, of which no `ASYA_` variable is passed on. @default none */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** What an {@link ActorProcess} needs beside its command. */
export interface ActorProcessOptions {
  readonly name: string;
  readonly socketDirectory: string;
  readonly startTimeoutMs: number;
  readonly onOutput: (output: MeshOutput) => void;
}

/** An actor in a process that can be killed and started again. */
export class ActorProcess implements RunningActor {
  readonly socketPath: string;
  readonly #readyPath: string;
  readonly #actor: ActorCommand;
  readonly #options: ActorProcessOptions;
  #child: ChildProcess | undefined;
  #killed = false;
  #readiness = new Readiness();
  #lastLines: readonly string[] = [];

  constructor(actor: ActorCommand, options: ActorProcessOptions) {
    const { socketPath, readyPath } = actorSocket(options.socketDirectory, "asya-runtime.sock");
    this.socketPath = socketPath;
    this.#readyPath = readyPath;
    this.#actor = actor;
    this.#options = options;
  }

  async ready(): Promise<void> {
    await this.#readiness.promise;
  }

  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    const { name, startTimeoutMs } = this.#options;
    this.#killed = false;
    this.#readiness = this.#readiness.pendingAgain();
    this.#lastLines = [];
    const started = this.#launch();
    this.#child = started;
    const giveUpAt = performance.now() + startTimeoutMs;
    // A process that was killed has left its files behind, so they stand for the new one only once somebody answers.
    const isRunning = (): boolean => this.#child === started;
    while (isRunning() && !(existsSync(this.#readyPath) && (await isServed(this.socketPath)))) {
      if (performance.now() > giveUpAt) {
        await this.kill("SIGKILL");
        throw this.#failure(`The actor ${name} was not ready within ${startTimeoutMs} ms.`);
      }
      await delay(readyPollMs);
    }
    if (this.#killed) throw new Error(`The actor ${name} was killed while it was starting.`);
    if (isRunning()) this.#readiness.succeed();
    await this.#readiness.promise;
  }

  async kill(signal: NodeJS.Signals): Promise<boolean> {
    const child = this.#child;
    if (child === undefined) return false;
    this.#killed = true;
    this.#readiness = this.#readiness.pendingAgain();
    const closed = once(child, "close");
    child.kill(signal);
    await closed;
    return true;
  }

  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child?.kill("SIGKILL"), stopGraceMs);
    await this.kill("SIGTERM");
    clearTimeout(timer);
  }

  #launch(): ChildProcess {
    const { command, args = [], env } = this.#actor;
    const { name, socketDirectory } = this.#options;
    const started = spawn(command, [...args], {
      env: { ...withoutAsya(process.env), ASYA_ACTOR_NAME: name, ASYA_SOCKET_DIR: socketDirectory, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#follow("stdout", started.stdout);
    this.#follow("stderr", started.stderr);
    started.once("error", (error) => this.#onEnd(started, error.message));
    // Not `exit`: what it wrote last is to be read first. One that a signal has ended, whoever sent it, may be started
    // again, and messages wait for that.
    started.once("close", (code) =>
      this.#onEnd(started, code === null || code === 0 ? undefined : `exit code ${code}`),
    );
    return started;
  }

  #onEnd(ended: ChildProcess, failure: string | undefined): void {
    if (this.#child !== ended) return;
    this.#child = undefined;
    this.#readiness = this.#readiness.pendingAgain();
    if (failure === undefined || this.#killed) return;
    this.#readiness.fail(this.#failure(`The actor ${this.#options.name} ended by itself (${failure}).`));
  }

  #follow(stream: "stdout" | "stderr", readable: Readable): void {
    const { name, onOutput } = this.#options;
    createInterface({ input: readable }).on("line", (line) => {
      this.#lastLines = [...this.#lastLines, line].slice(-keptLines);
      onOutput({ actor: name, stream, line });
    });
  }

  #failure(problem: string): Error {
    return new Error([problem, ...this.#lastLines].join("\n"));
  }
}

function withoutAsya(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("ASYA_")));
}

/** Whether an actor can be dialled. Messages wait on the promise, so one that is pending is kept, not replaced. */
class Readiness {
  readonly #resolvers = Promise.withResolvers<void>();
  #settled = false;

  constructor() {
    // Nobody may be waiting, which is no error.
    this.promise.catch(() => {});
  }

  get promise(): Promise<void> {
    return this.#resolvers.promise;
  }

  succeed(): void {
    this.#settled = true;
    this.#resolvers.resolve();
  }

  fail(error: Error): void {
    this.#settled = true;
    this.#resolvers.reject(error);
  }

  pendingAgain(): Readiness {
    return this.#settled ? new Readiness() : this;
  }
}
