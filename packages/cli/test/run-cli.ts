import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import type { PauseLedger } from "@holdpoint/asya";
import type { CheckpointStore } from "@holdpoint/core";
import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";

/** The executable, as the tests run it. */
export const executable: string = fileURLToPath(new URL("../src/holdpoint.ts", import.meta.url));

/** Where Node keeps what it has made of the sources, which is most of the work of a short process. */
export const NODE_COMPILE_CACHE: string = join(tmpdir(), "node-compile-cache");

/** What a process wrote and how it ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a process is started. */
export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** What it reads on standard input. @default nothing */
  readonly input?: string | undefined;
  /** Who it runs as, which only root can choose. @default who runs the tests */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Called at once, to do something to the process while it runs. */
  readonly onStart?: ((child: ChildProcess) => void) | undefined;
}

/** Runs a program to its end. */
export async function run(program: string, parameters: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { ASYA_CHECKPOINT_STORE: _store, ASYA_PERSISTENCE_MOUNT: _mount, ...environment } = process.env;
  const env = { ...environment, NODE_COMPILE_CACHE, ...options.environment };
  const child = spawn(program, parameters, { env, ...options.user });
  // It may end before it has read everything.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  options.onStart?.(child);
  const { promise: exitCode, resolve, reject } = Promise.withResolvers<number | null>();
  child.on("error", reject);
  child.on("close", resolve);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { exitCode: await exitCode, stdout, stderr };
}

/** A file store, and the command on it. */
export interface Workplace extends AsyncDisposable {
  readonly directory: string;
  readonly store: CheckpointStore;
  readonly ledger: PauseLedger;
  /** What the command needs of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs `holdpoint` on the store. */
  cli(parameters: readonly string[], options?: RunOptions): Promise<Ended>;
}

/** Makes a directory with a file store in it, which is removed with the workplace. */
export async function openWorkplace(): Promise<Workplace> {
  const directory = await mkdtemp(join(tmpdir(), "hp-cli-"));
  const store = await openStore(directory);
  const environment = { ASYA_PERSISTENCE_MOUNT: directory };
  return {
    directory,
    store,
    ledger: createPauseLedger(store),
    environment,
    cli: async (parameters, options = {}) =>
      await run(process.execPath, [executable, ...parameters], {
        ...options,
        environment: { ...environment, ...options.environment },
      }),
    async [Symbol.asyncDispose]() {
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** Every line of a text as JSON. */
export function jsonLines(output: string): readonly Record<string, unknown>[] {
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
