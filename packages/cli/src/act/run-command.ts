import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { extname } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { NotApplied } from "@holdpoint/core/holds";

import type { CommandContext } from "../frame/command-context.ts";
import type { CommandReceipt } from "./command-receipt.ts";
import { keepOutput } from "./command-receipt.ts";
import type { GuardMessage } from "./guard-main.ts";

/** How a command is run. */
export interface RunCommandOptions {
  /** What it reads on standard input. */
  readonly input: string;
  /** What its environment has besides ours. */
  readonly variables: Readonly<Record<string, string>>;
  /** How much of each output is kept, in bytes. */
  readonly keptBytes: number;
  /** Whether its output is only kept, and not passed on. */
  readonly quiet: boolean;
  /** Aborts once the right to act is lost: the command is asked to end. */
  readonly signal: AbortSignal;
}

const guardFile = fileURLToPath(new URL(`guard-main${extname(import.meta.url)}`, import.meta.url));
/** For how long nothing may come from an output that something holds open after the command's end. */
const quietMs = 1_000;

/**
 * Runs a command in a process group that ends with this process, and passes on its output and our signals.
 *
 * @throws {NotApplied} if it could not be started
 * @throws {Error} if it was ended by a signal: nobody knows how far it had come
 */
export async function runCommand(
  { output, messages }: CommandContext,
  [program = "", ...parameters]: readonly string[],
  { input, variables, keptBytes, quiet, signal }: RunCommandOptions,
): Promise<CommandReceipt> {
  const guard = spawn(process.execPath, [guardFile, program, ...parameters], {
    env: { ...process.env, ...variables },
    stdio: ["pipe", "pipe", "pipe", "ipc"],
    // In a session of its own, no signal to our group ends it before it has ended the command.
    detached: true,
  });
  const pass = (name: NodeJS.Signals): void => void (guard.connected && guard.send(name, () => undefined));
  const abort = (): void => pass("SIGTERM");
  const stdout = new OutputReader(guard.stdout as Readable, keptBytes, quiet ? undefined : output.stream);
  const stderr = new OutputReader(guard.stderr as Readable, keptBytes, quiet ? undefined : messages.stream);
  process.on("SIGINT", pass).on("SIGTERM", pass);
  signal.addEventListener("abort", abort);
  try {
    // A command may end without reading everything.
    guard.stdin?.on("error", () => undefined).end(input);
    const ended = await endOf(guard, program);
    if (ended.signal !== null) throw new Error(`The command ${JSON.stringify(program)} was ended by ${ended.signal}`);
    await Promise.all([stdout.end(), stderr.end()]);
    return { exitCode: ended.exitCode ?? 0, stdout: stdout.kept(), stderr: stderr.kept() };
  } finally {
    process.off("SIGINT", pass).off("SIGTERM", pass);
    signal.removeEventListener("abort", abort);
    if (guard.connected) guard.disconnect();
  }
}

async function endOf(guard: ChildProcess, program: string): Promise<Extract<GuardMessage, { what: "ended" }>> {
  const { promise, resolve, reject } = Promise.withResolvers<Extract<GuardMessage, { what: "ended" }>>();
  let group: number | undefined;
  guard.on("message", (message: GuardMessage) => {
    if (message.what === "started") group = message.group;
    else group = undefined;
    if (message.what === "ended") resolve(message);
    if (message.what === "not-started")
      reject(new NotApplied(`The command ${JSON.stringify(program)} could not be started: ${message.problem}.`));
  });
  guard.on("error", (error) => {
    const isStarted = guard.pid !== undefined;
    if (!isStarted) reject(new NotApplied(`The command's guard could not be started: ${error.message}.`));
  });
  guard.on("exit", (code, signal) => {
    // What the guard would have done.
    if (group !== undefined) endGroup(group);
    reject(
      new Error(`The guard of the command ${JSON.stringify(program)} was ended by ${signal ?? `exit code ${code}`}`),
    );
  });
  return await promise;
}

function endGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** Keeps the beginning of what a command writes, and passes all of it on. */
class OutputReader {
  readonly #chunks: Buffer[] = [];
  readonly #stream: Readable;
  readonly #reading: Promise<void>;
  #keptBytes = 0;
  #totalBytes = 0;
  /** Since when it waits for the command; `undefined` while it waits for whoever reads us. */
  #waitsSince: number | undefined = performance.now();

  constructor(stream: Readable, maxBytes: number, target: NodeJS.WritableStream | undefined) {
    this.#stream = stream;
    this.#reading = this.#read(maxBytes, target);
  }

  /** Resolves once all is read that will come. */
  async end(): Promise<void> {
    const reading = this.#reading.then(() => "read" as const);
    while ((await Promise.race([reading, sleep(100)])) !== "read") {
      // What left the command's group may hold this open for as long as it likes.
      if (this.#waitsSince !== undefined && performance.now() - this.#waitsSince > quietMs) this.#stream.destroy();
    }
  }

  kept(): CommandReceipt["stdout"] {
    return keepOutput(Buffer.concat(this.#chunks), this.#totalBytes);
  }

  async #read(maxBytes: number, target: NodeJS.WritableStream | undefined): Promise<void> {
    try {
      for await (const chunk of this.#stream as AsyncIterable<Buffer>) {
        this.#totalBytes += chunk.length;
        const kept = chunk.subarray(0, maxBytes - this.#keptBytes);
        this.#keptBytes += kept.length;
        if (kept.length > 0) this.#chunks.push(kept);
        this.#waitsSince = undefined;
        // Whoever reads us may be gone; the command is not to notice.
        if (target !== undefined) await new Promise<void>((resolve) => target.write(chunk, () => resolve()));
        this.#waitsSince = performance.now();
      }
    } catch {
      // It was destroyed, above.
    }
  }
}
