import { afterEach, beforeEach, expect, it } from "vitest";

import { pauseEnvelope, resumeEnvelope } from "../../asya/test/ledger-fixture.ts";
import type { Workplace } from "./run-cli.ts";
import { jsonLines, openWorkplace } from "./run-cli.ts";

let workplace: Workplace;

beforeEach(async () => {
  workplace = await openWorkplace();
  for (const id of ["a", "b"]) await workplace.ledger.pause(pauseEnvelope({ id }));
  await workplace.ledger.resume(resumeEnvelope({ headers: { "x-asya-resume-task": "b" } }), { by: "ann" });
});
afterEach(async () => await workplace[Symbol.asyncDispose]());

it("cancels once, with who and why, and only what is paused", async () => {
  expect(await workplace.cli(["cancel", "a", "--by", "ops", "--reason", "duplicate"])).toEqual({
    exitCode: 0,
    stdout: "a is canceled.\n",
    stderr: "",
  });
  const [again, resumed, nobody, shown] = await Promise.all([
    workplace.cli(["cancel", "a", "--json"]),
    workplace.cli(["cancel", "b"]),
    workplace.cli(["cancel", "nobody"]),
    workplace.cli(["show", "a"]),
  ]);
  expect(again.exitCode).toBe(0);
  expect(jsonLines(again.stdout)).toEqual([{ outcome: "already-canceled", taskId: "a" }]);
  expect(resumed).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('already resumed by "ann"') });
  expect(nobody).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('looked for "paused/nobody.json"') });
  expect(shown.stdout).toMatch(/^a {2}canceled by "ops", \S+ \(\d+ s ago\): duplicate\n/u);
});

it("prunes what ended long ago, and counts it beforehand", async () => {
  const [young, dry, missing] = await Promise.all([
    workplace.cli(["prune", "--older-than", "1h", "--json"]),
    workplace.cli(["prune", "--older-than", "0s", "--dry-run"]),
    workplace.cli(["prune"]),
  ]);
  expect(jsonLines(young.stdout)).toEqual([{ examined: 2, removed: 0, compacted: 0, dryRun: false }]);
  expect(dry).toEqual({ exitCode: 0, stdout: "Examined 2 documents, would remove 1.\n", stderr: "" });
  expect(missing).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--older-than") });
  expect(await workplace.cli(["prune", "--older-than", "0s"])).toMatchObject({
    exitCode: 0,
    stdout: "Examined 2 documents, removed 1.\n",
  });
  expect(await Array.fromAsync(workplace.ledger.list())).toMatchObject([{ taskId: "a", state: "paused" }]);
});
