import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { logTail } from "../log-tail.ts";

import type { KeeperReport, KeeperRequest, KeptCommand } from "./keeper-messages.ts";

/** How a process of the keeper ended. */
export interface KeptExit {
  /** In words, for example `"exited with code 1"`. */
  readonly reason: string;
  readonly ok: boolean;
}

/** A process that the keeper runs. */
export interface KeptProcess {
  /** Resolves when the process prints its ready line. */
  readonly ready: Promise<void>;
  readonly exited: Promise<KeptExit>;
  /** Kills it and waits until it is gone. */
  stop(): Promise<void>;
}

/**
 * Runs processes that end when this process ends, whatever ends it: `close()`, an exception, Ctrl-C, `kill -9`.
 *
 * @example
 * ```ts
 * await using keeper = await ServerKeeper.start();
 * const server = keeper.run({ command: "redis-server", arguments: [], logFile: `${keeper.directory}/redis.log` });
 * ```
 */
export class ServerKeeper implements AsyncDisposable {
  /** For data and logs; removed at the end. */
  readonly directory: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { ready: () => void; exited: (exit: KeptExit) => void }>();
  #nextId = 1;

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child;
    this.directory = directory;
    child.on("message", (report: KeeperReport) => this.#receive(report));
    child.once("exit", () => {
      for (const waiting of this.#waiting.values()) waiting.exited({ reason: "was ended with its keeper", ok: false });
      this.#waiting.clear();
    });
  }

  static async start(): Promise<ServerKeeper> {
    const child = fork(fileURLToPath(new URL("./keeper-process.ts", import.meta.url)), {
      detached: true,
      execArgv: [],
      // JSON would make an empty object of a regular expression.
      serialization: "advanced",
      // What a test run sets for its own processes, such as an inspector, is not meant for this one.
      env: { ...process.env, NODE_OPTIONS: "" },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const [up] = (await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code]) => {
        throw new Error(`The process that keeps the test servers ended with code ${String(code)} at its start.`);
      }),
    ])) as [Extract<KeeperReport, { kind: "up" }>];
    return new ServerKeeper(child, up.directory);
  }

  run(command: KeptCommand): KeptProcess {
    const id = this.#nextId;
    this.#nextId += 1;
    const ready = Promise.withResolvers<void>();
    const exited = Promise.withResolvers<KeptExit>();
    if (this.#child.connected) {
      this.#waiting.set(id, { ready: ready.resolve, exited: exited.resolve });
      this.#send({ kind: "start", id, command });
    } else {
      exited.resolve({ reason: "was not started, because its keeper has ended", ok: false });
    }
    return {
      ready: ready.promise,
      exited: exited.promise,
      stop: async () => {
        if (this.#waiting.has(id)) this.#send({ kind: "stop", id });
        await exited.promise;
      },
    };
  }

  /**
   * Runs a process, and resolves once it has printed its ready line.
   *
   * @throws {Error} with the end of its log, if it ends before that
   */
  async runUntilReady(command: KeptCommand): Promise<KeptProcess> {
    const kept = this.run(command);
    const ended = kept.exited.then(async ({ reason }) => {
      throw new Error(`${command.command} ${reason}. The end of its log:\n${await logTail(command.logFile)}`);
    });
    await Promise.race([kept.ready, ended]);
    return kept;
  }

  /** Has a file or directory removed at the end, also after a crash of this process. */
  removeAtEnd(path: string): void {
    this.#send({ kind: "remove-at-end", path });
  }

  /** Takes back {@link removeAtEnd}. */
  keepAtEnd(path: string): void {
    this.#send({ kind: "keep-at-end", path });
  }

  /** Ends every process and waits until all is gone, the directory included. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    if (this.#child.connected) this.#child.disconnect();
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #send(request: KeeperRequest): void {
    // A failure to send means that the keeper has ended, and that is answered where its end is seen.
    this.#child.send(request, () => {});
  }

  #receive(report: KeeperReport): void {
    if (report.kind === "up") return;
    const waiting = this.#waiting.get(report.id);
    if (report.kind === "ready") waiting?.ready();
    else {
      this.#waiting.delete(report.id);
      waiting?.exited({ reason: report.reason, ok: report.ok });
    }
  }
}
