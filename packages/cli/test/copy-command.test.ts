import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { openStore } from "@holdpoint/core";
import { describe, expect, it } from "vitest";

import { pauseEnvelope } from "../../asya/test/ledger-fixture.ts";
import { jsonLines, openWorkplace } from "./run-cli.ts";

describe("holdpoint copy", () => {
  it("copies, says what there was to do, and has nothing to do the second time", async () => {
    await using from = await openWorkplace();
    await using to = await openWorkplace();
    await from.ledger.pause(pauseEnvelope());
    await from.ledger.pause(pauseEnvelope({ id: "task-2" }));
    const dryRun = await from.cli(["copy", from.directory, to.directory, "--dry-run"]);
    expect(dryRun).toMatchObject({ exitCode: 0, stderr: "" });
    expect(dryRun.stdout).toMatch(/^ +2 {2}to be copied$/mu);
    expect(await Array.fromAsync(to.store.list())).toEqual([]);

    const first = await from.cli(["copy", from.directory, to.directory]);
    expect(first).toMatchObject({ exitCode: 0, stderr: "" });
    expect(first.stdout).toMatch(/^ +2 {2}copied$.*^Complete: 2 read back from both/msu);
    const second = await from.cli(["copy", from.directory, to.directory, "--json"]);
    expect(jsonLines(second.stdout)).toMatchObject([{ summary: { copied: 0, alreadyThere: 2, verified: 2 } }]);
    expect(await to.ledger.inspect("task-2")).toMatchObject({ state: "paused" });
  });

  it("ends with code 1 and names the key, escaped, if something else is in the target", async () => {
    await using from = await openWorkplace();
    await using to = await openWorkplace();
    await from.store.put("paused/\u001B[31mred.json", new Uint8Array(1));
    await to.store.put("paused/\u001B[31mred.json", new Uint8Array(2));
    const ended = await from.cli(["copy", from.directory, to.directory]);
    expect(ended.exitCode).toBe(1);
    expect(ended.stdout).toContain(String.raw`differs: paused/\u001b[31mred.json: `);
    expect(ended.stdout).toMatch(/^Not complete: 1 of the source/mu);
  });

  it("ends with code 1 as long as a task waits in the target that the source has no more", async () => {
    await using from = await openWorkplace();
    await using to = await openWorkplace();
    await from.ledger.pause(pauseEnvelope());
    await from.cli(["copy", from.directory, to.directory]);
    await from.store.delete("paused/task-1.json");
    const ended = await from.cli(["copy", from.directory, to.directory]);
    expect(ended).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("--cancel-removed") });
    const canceling = await from.cli(["copy", from.directory, to.directory, "--cancel-removed"]);
    expect(canceling).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("were canceled") });
    expect(await to.ledger.inspect("task-1")).toMatchObject({ state: "canceled", endedBy: "holdpoint copy" });
  });

  it("refuses stores of which one is the other, or lies inside it", async () => {
    await using workplace = await openWorkplace();
    const inside = join(workplace.directory, "inside");
    await mkdir(inside);
    await using other = await openWorkplace();
    const link = join(other.directory, "link");
    await symlink(workplace.directory, link);
    const same = await workplace.cli(["copy", workplace.directory, link]);
    expect(same).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("are the same store") });
    for (const pair of [
      [workplace.directory, inside],
      [inside, link],
    ]) {
      const nested = await workplace.cli(["copy", ...pair]);
      expect(nested).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("one lies inside the other") });
    }
    expect(await Array.fromAsync((await openStore(inside)).list())).toEqual([]);
  });

  it.each([
    ["neither store", ["copy"]],
    ["a number that is none", ["copy", "a", "b", "--concurrency", "0"]],
    ["a scheme that nobody has", ["copy", "nowhere://a", "memory:"]],
  ])("ends with code 2 for %s", async (_title, parameters) => {
    await using workplace = await openWorkplace();
    expect((await workplace.cli(parameters)).exitCode).toBe(2);
  });

  it("ends with code 130 at a Ctrl-C, and goes on from there", async () => {
    await using from = await openWorkplace();
    await using to = await openWorkplace();
    // Plain files are values, and take less time than to put them.
    const files = Array.from({ length: 600 }, (_, index) => join(from.directory, `value-${index}.json`));
    for (const file of files) await writeFile(file, file);
    const hasBegun = async (): Promise<void> => {
      await expect.poll(() => Array.fromAsync(to.store.list()), { timeout: 30_000 }).not.toEqual([]);
    };
    const interrupted = await from.cli(["copy", from.directory, to.directory, "--concurrency", "1"], {
      onStart: (child) => void hasBegun().then(() => child.kill("SIGINT")),
    });
    expect(interrupted).toMatchObject({ exitCode: 130, stdout: "" });
    const ended = await from.cli(["copy", from.directory, to.directory, "--json"]);
    expect(jsonLines(ended.stdout)).toMatchObject([{ summary: { verified: 600, onlyInTarget: 0 } }]);
  });
});
