/**
 * A process of its own that starts servers for a test run and ends them with it, however the run ends.
 *
 * The operating system closes the channel to the parent when the parent dies, also by `kill -9`; that is the sign to
 * clean up. It runs in its own session, so that a Ctrl-C in the terminal, or a signal to the whole process group of
 * the run, does not reach it before its work is done.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

import type { KeeperReport, KeeperRequest, KeptCommand } from "./keeper-messages.ts";

interface KeptChild {
  readonly process: ChildProcess;
  readonly command: KeptCommand;
  readonly gone: Promise<void>;
}

const children = new Map<number, KeptChild>();
const directory = mkdtempSync(join(tmpdir(), "holdpoint-servers-"));
const removals = new Set([directory]);
let ending = false;

process.on("message", (request: KeeperRequest) => {
  if (ending) return;
  if (request.kind === "start") start(request.id, request.command);
  else if (request.kind === "stop") kill(children.get(request.id));
  else if (request.kind === "remove-at-end") removals.add(request.path);
  else removals.delete(request.path);
});
process.on("disconnect", () => void end());
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void end());
process.on("uncaughtException", (error) => {
  console.error(error);
  void end();
});
report({ kind: "up", directory });

function start(id: number, command: KeptCommand): void {
  mkdirSync(dirname(command.logFile), { recursive: true });
  if (command.directory !== undefined) mkdirSync(command.directory, { recursive: true });
  const log = createWriteStream(command.logFile, { flags: "a" });
  const child = spawn(command.command, command.arguments, {
    cwd: command.directory,
    env: { ...process.env, ...command.environment },
    // A group of its own, so that what it starts in turn can be killed together with it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on("line", (line) => {
      log.write(`${line}\n`);
      if (command.readyLine?.test(line) === true) report({ kind: "ready", id });
    });
  }
  const gone = Promise.withResolvers<void>();
  children.set(id, { process: child, command, gone: gone.promise });
  const settle = (reason: string, ok: boolean): void => {
    // A process that could not be started may report both an error and its end.
    if (!children.delete(id)) return;
    // Only when the log is written, because the first thing that a failed start leads to is a look into it.
    log.end(() => report({ kind: "exited", id, reason, ok }));
    void cleanUpAfter(command).then(gone.resolve);
  };
  child.once("error", (error) => settle(error.message, false));
  child.once("close", (code, signal) =>
    settle(signal === null ? `exited with code ${code}` : `was ended by ${signal}`, code === 0),
  );
}

function kill(child: KeptChild | undefined): void {
  if (child?.process.pid === undefined || child.process.exitCode !== null) return;
  try {
    process.kill(-child.process.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function cleanUpAfter({ cleanUp }: KeptCommand): Promise<void> {
  if (cleanUp === undefined) return;
  const child = spawn(cleanUp.command, cleanUp.arguments, { stdio: "ignore" });
  await Promise.race([once(child, "close"), once(child, "error")]);
}

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  const last = [...children.values()];
  for (const child of last) if (child.command.atEnd !== "finish") kill(child);
  await Promise.all(last.map((child) => child.gone));
  for (const path of removals) rmSync(path, { recursive: true, force: true });
  process.exit();
}

function report(message: KeeperReport): void {
  // The parent may have died this very moment; its end arrives as "disconnect".
  if (process.connected) process.send?.(message, () => {});
}
