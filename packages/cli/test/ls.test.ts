import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { pauseEnvelope, resumeEnvelope } from "../../asya/test/ledger-fixture.ts";
import type { Workplace } from "./run-cli.ts";
import { executable, jsonLines, openWorkplace, run } from "./run-cli.ts";

let workplace: Workplace;

beforeAll(async () => {
  workplace = await openWorkplace();
  const { ledger } = workplace;
  for (const id of ["waiting", "resumed", "canceled"]) {
    await ledger.pause(pauseEnvelope({ id }), { metadata: { prompt: `Approve ${id}?`, fields: [] } });
  }
  await ledger.resume(resumeEnvelope({ id: "m", headers: { "x-asya-resume-task": "resumed" } }), { by: "ann" });
  await ledger.cancel("canceled", { by: "ops" });
});
afterAll(async () => await workplace[Symbol.asyncDispose]());

describe("holdpoint ls", () => {
  it("shows what is paused: since when, id, and what is asked", async () => {
    const { exitCode, stdout, stderr } = await workplace.cli(["ls"]);
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}Z {2}paused {4}waiting {31}Approve waiting\?\n$/u);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  });

  it("has one JSON document a line, and shows the states that are asked for", async () => {
    const { stdout } = await workplace.cli(["ls", "--json", "--state", "all"]);
    const tasks = jsonLines(stdout).toSorted((left, right) =>
      String(left["taskId"]) < String(right["taskId"]) ? -1 : 1,
    );
    const time = expect.stringMatching(/^\d{4}-.*Z$/u);
    const base = { kind: "task", pausedAt: time, sequence: 1 };
    expect(tasks).toEqual([
      {
        ...base,
        id: "canceled",
        key: "paused/canceled.json",
        taskId: "canceled",
        state: "canceled",
        prompt: "Approve canceled?",
        endedAt: time,
        endedBy: "ops",
      },
      {
        ...base,
        id: "resumed",
        key: "paused/resumed.json",
        taskId: "resumed",
        state: "resumed",
        prompt: "Approve resumed?",
        next: ["summarizer"],
        endedAt: time,
        endedBy: "ann",
      },
      {
        ...base,
        id: "waiting",
        key: "paused/waiting.json",
        taskId: "waiting",
        state: "paused",
        prompt: "Approve waiting?",
        next: ["summarizer"],
      },
    ]);
    const resumed = await workplace.cli(["ls", "--state", "resumed"]);
    expect(resumed.stdout).toMatch(/^\S+ {2}resumed {3}resumed {31}Approve resumed\? \(by ann\)\n$/u);
  });

  it("filters by age", async () => {
    const [old, recent] = await Promise.all([
      workplace.cli(["ls", "--older-than", "1d12h"]),
      workplace.cli(["ls", "--older-than", "1ms", "--json"]),
    ]);
    expect(old).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: `No such task or hold at file://${workplace.directory}.\n`,
    });
    expect(jsonLines(recent.stdout)).toHaveLength(1);
  });

  it("says that something cannot be read, and why if asked", async () => {
    await using other = await openWorkplace();
    await other.store.put("paused/broken.json", new TextEncoder().encode("{"));
    const [usual, corrupt] = await Promise.all([other.cli(["ls"]), other.cli(["ls", "--state", "corrupt"])]);
    expect(usual).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `No such task or hold at file://${other.directory}.\nCannot be read: 1; holdpoint ls --state corrupt says why.\n`,
    });
    expect(corrupt).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/corrupt {3}broken .*is not JSON/u) });
  });

  it("is quiet when its reader has seen enough", async () => {
    const script = `"${process.execPath}" "${executable}" ls --state all --json | head -c 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await run("bash", ["-c", script], { environment: workplace.environment });
    expect({ stdout, stderr }).toEqual({ stdout: "{0\n", stderr: "" });
  });
});

describe("a large store", () => {
  const count = 3_000;
  let large: Workplace;

  beforeAll(async () => {
    large = await openWorkplace();
    await large.store.put("paused/0.json", new TextEncoder().encode("{}"));
    const document = JSON.stringify({ ...pauseEnvelope(), payload: { text: "x".repeat(50_000) } });
    // Written as a Python x-pause does: faster than by the store, which makes each of them durable.
    for (let index = 0; index < count; index += 1) {
      await writeFile(join(large.directory, "paused", `${index}.json`), document);
    }
  });
  afterAll(async () => await large[Symbol.asyncDispose]());

  it("takes little memory, however much there is", async () => {
    const environment = { NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --max-old-space-size=64` };
    const { exitCode, stdout } = await large.cli(["ls", "--json"], { environment });
    expect({ exitCode, lines: stdout.split("\n").length - 1 }).toEqual({ exitCode: 0, lines: count });
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("is left alone at once by %s", async (signal, exitCode) => {
    const ended = await large.cli(["ls"], { onStart: (child) => child.stdout?.once("data", () => child.kill(signal)) });
    expect(ended).toMatchObject({ exitCode, stderr: "" });
    expect(ended.stdout.split("\n").length).toBeLessThan(count);
  });
});
