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

/** What an {@link createActorProcess} needs beside its command. */
export interface ActorProcessOptions {
  readonly name: string;
  readonly socketDirectory: string;
  readonly startTimeoutMs: number;
  readonly onOutput: (output: MeshOutput) => void;
}

/** An actor in a process that can be killed and started again. */
export function createActorProcess(actor: ActorCommand, options: ActorProcessOptions): RunningActor {
  const { name, socketDirectory, startTimeoutMs, onOutput } = options;
  const { socketPath, readyPath } = actorSocket(socketDirectory, "asya-runtime.sock");
  let child: ChildProcess | undefined;
  let killed = false;
  let readiness = new Readiness();
  let lastLines: string[] = [];

  function follow(stream: "stdout" | "stderr", readable: Readable): void {
    createInterface({ input: readable }).on("line", (line) => {
      lastLines = [...lastLines, line].slice(-keptLines);
      onOutput({ actor: name, stream, line });
    });
  }

  function launch(): ChildProcess {
    const started = spawn(actor.command, [...(actor.args ?? [])], {
      env: { ...withoutAsya(process.env), ASYA_ACTOR_NAME: name, ASYA_SOCKET_DIR: socketDirectory, ...actor.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    follow("stdout", started.stdout);
    follow("stderr", started.stderr);
    const onEnd = (failure: string | undefined): void => {
      if (child !== started) return;
      child = undefined;
      readiness = readiness.pendingAgain();
      if (failure === undefined || killed) return;
      readiness.fail(new Error([`The actor ${name} ended by itself (${failure}).`, ...lastLines].join("\n")));
    };
    started.once("error", (error) => onEnd(error.message));
    // Not `exit`: what it wrote last is to be read first. One that a signal has ended, whoever sent it, may be started
    // again, and messages wait for that.
    started.once("close", (code) => onEnd(code === null || code === 0 ? undefined : `exit code ${code}`));
    return started;
  }

  async function start(): Promise<void> {
    if (child !== undefined) return;
    killed = false;
    readiness = readiness.pendingAgain();
    lastLines = [];
    const started = launch();
    child = started;
    const giveUpAt = performance.now() + startTimeoutMs;
    // A process that was killed has left its files behind, so they stand for the new one only once somebody answers.
    const isRunning = (): boolean => child === started;
    while (isRunning() && !(existsSync(readyPath) && (await isServed(socketPath)))) {
      if (performance.now() > giveUpAt) {
        await kill("SIGKILL");
        throw new Error([`The actor ${name} was not ready within ${startTimeoutMs} ms.`, ...lastLines].join("\n"));
      }
      await delay(readyPollMs);
    }
    if (killed) throw new Error(`The actor ${name} was killed while it was starting.`);
    if (isRunning()) readiness.succeed();
    await readiness.promise;
  }

  async function kill(signal: NodeJS.Signals): Promise<boolean> {
    if (child === undefined) return false;
    killed = true;
    readiness = readiness.pendingAgain();
    const closed = once(child, "close");
    child.kill(signal);
    await closed;
    return true;
  }

  async function stop(): Promise<void> {
    const timer = setTimeout(() => child?.kill("SIGKILL"), stopGraceMs);
    await kill("SIGTERM");
    clearTimeout(timer);
  }

  return { socketPath, ready: () => readiness.promise, start, kill, stop };
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
