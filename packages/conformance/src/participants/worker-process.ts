import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

import type { ConformanceWorkerModule } from "../conformance-harness.ts";
import type { WaitingReport } from "../expect/waiting-list.ts";
import { settlesWithin } from "../expect/settles-within.ts";
import type { WorkerArguments, WorkerReply, WorkerRequest } from "./worker-messages.ts";

/** Run from the sources, the worker is TypeScript and finds the sources of other packages; otherwise it is JavaScript. */
const fromSources = import.meta.url.endsWith(".ts");
const workerMain = new URL(`./worker-main.${fromSources ? "ts" : "js"}`, import.meta.url);

const maxErrorOutput = 4_000;
const reportMs = 1_000;

const silence: WaitingReport = {
  waiting: [{ what: "an answer of the process itself", forMs: reportMs }],
  ended: 0,
  slowest: undefined,
};

/** A process that has loaded a worker module and does what it is told, one thing at a time. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #errorOutput = "";
  #waiting: PromiseWithResolvers<unknown> | undefined;
  #reporting: PromiseWithResolvers<WaitingReport> | undefined;

  constructor({ module, argument = null }: ConformanceWorkerModule) {
    const workerArguments: WorkerArguments = { module: module.href, argument };
    this.#child = fork(workerMain, [JSON.stringify(workerArguments)], {
      execArgv: fromSources ? ["--conditions=source"] : [],
      // For the bigint among the messages.
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errorOutput = (this.#errorOutput + text).slice(-maxErrorOutput);
    });
    this.#child.on("message", (reply: WorkerReply) => {
      if (reply.kind === "report") this.#reporting?.resolve(reply.report);
      else if (reply.kind === "done") this.#waiting?.resolve(reply.result);
      else this.#waiting?.reject(new Error(`in a worker process: ${reply.problem}`));
    });
    this.#exited = this.#watch();
  }

  async ask(request: WorkerRequest): Promise<unknown> {
    this.#waiting = Promise.withResolvers();
    this.#child.send(request, (error) => {
      if (error !== null) this.#waiting?.reject(error);
    });
    return await this.#waiting.promise;
  }

  /** What the process is waiting for; it may be too busy to say. */
  async report(): Promise<WaitingReport> {
    this.#reporting = Promise.withResolvers();
    const { promise, resolve } = this.#reporting;
    const timer = setTimeout(() => resolve(silence), reportMs);
    this.#child.send({ kind: "report" } satisfies WorkerRequest, (error) => {
      if (error !== null) resolve(silence);
    });
    const report = await promise;
    clearTimeout(timer);
    return report;
  }

  /** Waits until the process has ended by itself. */
  async exits(deadlineMs: number): Promise<void> {
    await settlesWithin("the process that has closed its store", deadlineMs, this.#exited);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async #watch(): Promise<void> {
    const [code, signal] = (await once(this.#child, "exit")) as [number | null, string | null];
    this.#waiting?.reject(new Error(`a worker process ended (${code ?? signal}): ${this.#errorOutput}`));
  }
}
