import { chmod, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";

import type { StoreFinding } from "@holdpoint/core";
import { describe, expect, it } from "vitest";

import { jsonLines, openWorkplace } from "./run-cli.ts";
import type { Ended } from "./run-cli.ts";

function findingsOf({ stdout }: Ended): readonly StoreFinding[] {
  return jsonLines(stdout)[0]?.["findings"] as readonly StoreFinding[];
}

describe("holdpoint doctor", () => {
  it("finds a healthy store, leaves nothing behind, and touches no task", async () => {
    await using workplace = await openWorkplace();
    await workplace.store.put("paused/other.json", new Uint8Array(1));
    const ended = await workplace.cli(["doctor"]);
    expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
    expect(ended.stdout).toMatch(/^ok +configuration +the store is \/.* \(ASYA_PERSISTENCE_MOUNT\)$/mu);
    expect(ended.stdout).toMatch(/^ok +round trip /mu);
    expect(ended.stdout).toMatch(/^problems: 0, warnings: \d+, unknown: 0$/mu);
    const keys = (await Array.fromAsync(workplace.store.list())).map(({ key }) => key);
    expect(keys).toEqual(["paused/other.json"]);
    expect((await readdir(join(workplace.directory, "paused"))).toSorted()).toEqual(["other.json"]);
  });

  it("answers “state mount not found”: the mount does not exist", async () => {
    await using workplace = await openWorkplace();
    const environment = { ASYA_PERSISTENCE_MOUNT: join(workplace.directory, "nowhere") };
    const ended = await workplace.cli(["doctor", "--json"], { environment });
    expect(ended.exitCode).toBe(1);
    expect(findingsOf(ended).filter(({ level }) => level !== "ok")).toMatchObject([
      { subject: "place", level: "problem", found: expect.stringContaining("state mount not found") },
    ]);
  });

  it("says that no variable names a store", async () => {
    await using workplace = await openWorkplace();
    const ended = await workplace.cli(["doctor", "--json"], { environment: { ASYA_PERSISTENCE_MOUNT: "" } });
    expect(ended.exitCode).toBe(1);
    expect(findingsOf(ended)).toMatchObject([
      { subject: "configuration", level: "problem", found: expect.stringContaining("neither set") },
    ]);
  });

  it("names every variable of the actors that is wrong", async () => {
    await using workplace = await openWorkplace();
    const environment = { ASYA_PAUSE_METADATA: "{", ASYA_RESUME_MERGE_MODE: "sideways" };
    const ended = await workplace.cli(["doctor", "--json"], { environment });
    const problems = findingsOf(ended).filter(({ level }) => level === "problem");
    expect(problems.map(({ found }) => found.split(":")[0])).toEqual(["ASYA_PAUSE_METADATA", "ASYA_RESUME_MERGE_MODE"]);
    expect(ended.exitCode).toBe(1);
  });

  it("warns of what works and is probably not meant so", async () => {
    await using workplace = await openWorkplace();
    const environment = { ASYA_RESUME_VALIDATON: "strict", ASYA_PAUSE_METADATA: '{"promt":"?"}' };
    const ended = await workplace.cli(["doctor", "--json"], { environment });
    const warnings = findingsOf(ended).filter(({ subject, level }) => subject === "configuration" && level !== "ok");
    expect(warnings.map(({ level, found }) => [level, found])).toEqual([
      ["warning", "ASYA_RESUME_VALIDATON: did you mean ASYA_RESUME_VALIDATION? It has no effect"],
      ["warning", 'ASYA_PAUSE_METADATA: promt: did you mean "prompt"? It is passed on as it is'],
    ]);
    expect(ended.exitCode).toBe(0);
  });

  it("says which variables are set and not used", async () => {
    await using workplace = await openWorkplace();
    const environment = { STATE_PREFIX: "team-a", REDIS_URL: "redis://:hunter2@redis" };
    const ended = await workplace.cli(["doctor", "--json"], { environment });
    expect(findingsOf(ended).find(({ subject }) => subject === "variables")?.found).toBe(
      "used: ASYA_PERSISTENCE_MOUNT; set, but not used for this store: STATE_PREFIX, REDIS_URL",
    );
    expect(ended.stdout).not.toContain("hunter2");
  });

  it("shows no password of a store that cannot be reached", async () => {
    await using workplace = await openWorkplace();
    const ended = await workplace.cli(["doctor", "--store", "redis://clerk:hunter2@127.0.0.1:1/0?timeoutMs=2000"]);
    expect(ended.exitCode).toBe(1);
    expect(ended.stdout).toMatch(/^problem +reachability /mu);
    expect(ended.stdout + ended.stderr).not.toContain("hunter2");
  });

  // Root may write anywhere.
  it.skipIf(process.getuid?.() === 0)("names a directory that may not be written to", async () => {
    await using workplace = await openWorkplace();
    const directory = join(workplace.directory, "read-only");
    await mkdir(directory);
    await chmod(directory, 0o500);
    const ended = await workplace.cli(["doctor", "--store", directory, "--json"]);
    expect(findingsOf(ended).filter(({ level }) => level === "problem")).toMatchObject([{ subject: "permissions" }]);
  });

  it("is not content with a store that lives and dies with its process", async () => {
    await using workplace = await openWorkplace();
    const ended = await workplace.cli(["doctor", "--store", "memory:", "--json"]);
    expect(ended.exitCode).toBe(1);
    expect(findingsOf(ended).filter(({ level }) => level === "problem")).toMatchObject([{ subject: "durability" }]);
  });
});
