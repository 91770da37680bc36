import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { runCommand } from "./run-command.ts";

/** Every process that is not just waiting for its parent to notice its end. */
async function liveProcesses(): Promise<readonly { readonly pid: number; readonly parent: number }[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,stat="]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/u))
    .filter(([, , state]) => state?.startsWith("Z") === false)
    .map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }));
}

async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "hp-"));
  onTestFinished(async () => await rm(path, { recursive: true, force: true }));
  return path;
}

describe("pnpm torture", () => {
  it("prints what it has done to how many tasks, and restarts the server meanwhile", async () => {
    const directory = await temporaryDirectory();
    const store = join(directory, "store");
    await mkdir(store);
    const restarts = join(directory, "restarts");
    const args = ["--store", store, "--tasks", "60", "--seed", "1", "--restart-every", "40"];
    const command = runCommand([...args, "--restart-command", `echo once >> '${restarts}'`]);
    await expect(command.exited).resolves.toBe(0);
    expect(command.output()).toMatch(/^seed 1, store file:/u);
    expect(command.output()).toMatch(/^tasks +60 of 60$/mu);
    expect(command.output()).toMatch(/^redeliveries +[1-9]/mu);
    expect(command.output()).toMatch(/^kill -9 +[1-9]/mu);
    expect(command.output()).toMatch(/\nlost 0, doubled 0\n$/u);
    const counted = /^server restarts +(\d+)$/mu.exec(command.output())?.[1];
    const lines = (await readFile(restarts, "utf8")).trim().split("\n");
    expect(lines).toHaveLength(Number(counted));
  });

  it("does the same to holds", async () => {
    const args = ["--store", await temporaryDirectory(), "--what", "holds", "--tasks", "12", "--seed", "1"];
    const command = runCommand(args);
    await expect(command.exited).resolves.toBe(0);
    expect(command.output()).toMatch(/^holds +12 of 12$/mu);
    expect(command.output()).toMatch(/^payments +[1-9]/mu);
    expect(command.output()).toMatch(/\nlost 0, doubled 0, under another key 0\n$/u);
  });

  it("says what is wrong with its arguments, its store or its restart command", async () => {
    const directory = await temporaryDirectory();
    const noArguments = runCommand([]);
    const noStore = runCommand(["--store", join(directory, "nowhere")]);
    const restartArguments = ["--restart-every", "10", "--restart-command", "exit 3"];
    const noRestart = runCommand(["--store", directory, ...restartArguments]);
    const exits = [noArguments, noStore, noRestart].map(async ({ exited }) => await exited);
    expect(await Promise.all(exits)).toEqual([2, 2, 2]);
    expect(noArguments.output()).toContain("--store is missing.");
    expect(noArguments.output()).toContain("--restart-command");
    expect(noStore.output()).toContain("does not exist");
    expect(noRestart.output()).toContain('The command "exit 3" ended with code 3.');
  });

  it("ends with Ctrl-C, and leaves no process and no file of its own behind", async () => {
    const [store, temporary] = [await temporaryDirectory(), await temporaryDirectory()];
    const command = runCommand(["--store", store, "--tasks", "100000"], { TMPDIR: temporary });
    await command.printed("tasks, ");
    expect(await readdir(temporary)).toEqual([expect.stringMatching(/^torture-/u)]);
    const actors = (await liveProcesses()).filter(({ parent }) => parent === command.pid);
    // One may be down at this moment, because it has been killed.
    expect(actors.length).toBeGreaterThanOrEqual(3);
    command.kill("SIGINT");
    await expect(command.exited).resolves.toBe(130);
    await vi.waitFor(async () => {
      const left = (await liveProcesses()).filter(({ pid }) => actors.some((actor) => actor.pid === pid));
      expect(left).toEqual([]);
    });
    expect(await readdir(temporary)).toEqual([]);
  });
});
