import { describe, expect, it } from "vitest";

import { createProgressLine } from "../../tooling/load/src/progress-line.ts";
import { openStore } from "@holdpoint/core";
import { temporaryDirectory } from "../every-store.ts";

import { runLoadCommand } from "./run-load-command.ts";

describe("pnpm load", () => {
  it.each([
    [[], "--store is missing."],
    [["--store", ""], "--store is missing."],
    [["--store", "memory:", "--documents", "0"], '--documents is "0"; expected a whole number from 1.'],
    [["--store", "memory:", "--in-flight", "many"], '--in-flight is "many"; expected a whole number from 1.'],
    [["--store", "memory:", "--faults"], "Unknown option '--faults'"],
  ])("refuses %j, and says how it is used", async (args, problem) => {
    const { exitCode, output, errors } = await runLoadCommand(args);
    expect(errors).toContain(problem);
    expect(errors).toContain("pnpm load --store <url> [options]");
    expect([exitCode, output]).toEqual([2, ""]);
  });

  it("says why a store cannot be opened", async () => {
    const { exitCode, output, errors } = await runLoadCommand(["--store", "nowhere:"]);
    expect(errors).toMatch(/^There is no backend with the scheme "nowhere".*\n$/u);
    expect([exitCode, output]).toEqual([2, ""]);
  });

  it("leaves alone a store that has something in it, and says what", async () => {
    await using directory = await temporaryDirectory();
    await using store = await openStore(directory.url);
    await store.put("paused/somebody.json", new Uint8Array(1));
    const { exitCode, output, errors } = await runLoadCommand(["--store", directory.url, "--documents", "5"]);
    expect(errors).toContain('is not empty, it has "paused/somebody.json": give it a prefix of its own.');
    expect([exitCode, output]).toEqual([2, ""]);
    const keys = (await Array.fromAsync(store.list())).map(({ key }) => key);
    expect(keys).toEqual(["paused/somebody.json"]);
  });

  it("ends each step with a line of progress, and the run with a table", async () => {
    const { exitCode, output, errors } = await runLoadCommand(["--store", "memory:", "--documents", "30"]);
    expect([exitCode, errors]).toEqual([0, ""]);
    const lines = output.trimEnd().split("\n");
    for (const [index, step] of ["pause", "resume", "list", "prune"].entries()) {
      expect(lines[index]).toMatch(new RegExp(`^${step} 30/30, \\d+ MiB$`, "u"));
      expect(lines.at(index - 4)).toMatch(new RegExp(`^${step} +30 `, "u"));
    }
    expect(output).toContain("30 tasks of 1000 bytes, 1000 in flight");
  });

  it("prints what went wrong, and ends with 1", async () => {
    const { exitCode, output } = await runLoadCommand(["--store", "forgetful:", "--documents", "200"]);
    expect(output).toContain("resume: LedgerError: task not paused");
    expect(output).toMatch(/^resume +198 /mu);
    expect(exitCode).toBe(1);
  });
});

describe("progress", () => {
  const progress = { step: "list", documents: 100, rssBytes: 2 ** 20 } as const;

  it("is a line every fifth time, and at the end of a step", () => {
    const written: string[] = [];
    const show = createProgressLine({ isTTY: false, write: (text) => written.push(String(text)) > 0 });
    for (const done of [10, 20, 30, 40, 50, 100]) show({ ...progress, done, ended: false });
    show({ ...progress, done: 100, ended: true });
    expect(written).toEqual(["list 50/100, 1 MiB\n", "list 100/100, 1 MiB\n"]);
  });

  it("is a bar that is drawn anew on a terminal", () => {
    const written: string[] = [];
    const show = createProgressLine({ isTTY: true, write: (text) => written.push(String(text)) > 0 });
    show({ ...progress, done: 50, ended: false });
    show({ ...progress, done: 100, ended: true });
    const bar = (filled: number): string => `\r\u001B[2K[${"█".repeat(filled)}${"░".repeat(30 - filled)}]`;
    expect(written).toEqual([`${bar(15)} list 50/100, 1 MiB`, `${bar(30)} list 100/100, 1 MiB\n`]);
  });
});
