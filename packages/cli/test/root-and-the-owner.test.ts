import { chown, lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";
import { describe, expect, it, onTestFinished } from "vitest";

import { pauseEnvelope } from "../../asya/test/ledger-fixture.ts";
import type { Ended } from "./run-cli.ts";
import { executable, jsonLines, run } from "./run-cli.ts";

const isRoot = process.geteuid?.() === 0;
const user = { uid: 12_345, gid: 23_456 };
const metadata = { prompt: "Approve?", fields: [{ name: "approved", type: "boolean" as const }] };

async function directoryOfUser(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "hp-root-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await chown(directory, user.uid, user.gid);
  return directory;
}

/** Everything in a directory, and whose it is. */
async function ownersIn(directory: string): Promise<ReadonlyMap<string, string>> {
  const owners = new Map<string, string>();
  for (const name of await readdir(directory, { recursive: true })) {
    const { uid, gid } = await lstat(join(directory, name));
    owners.set(name, `${uid}:${gid}`);
  }
  return owners;
}

// Only root can act as somebody else.
describe.runIf(isRoot)("root's shell on the volume of another user", () => {
  async function asRoot(directory: string, ...parameters: readonly string[]): Promise<Ended> {
    return await run(process.execPath, [executable, ...parameters, "--store", directory]);
  }

  async function asUser(directory: string, ...parameters: readonly string[]): Promise<Ended> {
    return await run(process.execPath, [executable, ...parameters, "--store", directory], { user });
  }

  it("leaves a volume that its user can pause, resume and list on", async () => {
    const directory = await directoryOfUser();
    const examined = await asRoot(directory, "doctor");
    expect(examined.stdout).toMatch(/^ok +ownership +user 12345, who owns the directory/mu);
    expect(examined.stdout).toMatch(/^problems: 0, /mu);
    // Nothing of the scratch is left, and no directory either.
    expect(await readdir(directory)).toEqual([".holdpoint"]);
    expect(await readdir(join(directory, ".holdpoint/tmp"))).toEqual([]);
    {
      await using store = await openStore(directory);
      const ledger = createPauseLedger(store);
      for (const id of ["task-1", "task-2"]) await ledger.pause({ ...pauseEnvelope(), id }, { metadata });
    }
    expect(await asRoot(directory, "resume", "task-1", "--field", "approved=true")).toMatchObject({ exitCode: 0 });
    expect(new Set((await ownersIn(directory)).values())).toEqual(new Set(["12345:23456"]));

    const listed = await asUser(directory, "ls", "--state", "all", "--json");
    expect(listed).toMatchObject({ exitCode: 0 });
    expect(jsonLines(listed.stdout).map(({ id }) => id)).toEqual(expect.arrayContaining(["task-1", "task-2"]));
    expect(await asUser(directory, "resume", "task-2", "--field", "approved=true")).toMatchObject({ exitCode: 0 });
    // It pauses a task of its own and resumes it.
    const theirs = await asUser(directory, "doctor");
    expect(theirs.stdout).toMatch(/^ok +round trip /mu);
    expect(theirs.stdout).toMatch(/^problems: 0, /mu);
    expect(theirs.exitCode).toBe(0);
  });

  it("has doctor tell of what the user cannot work with, whoever asks", async () => {
    const directory = await directoryOfUser();
    {
      await using store = await openStore(directory);
      await createPauseLedger(store).pause(pauseEnvelope(), { metadata });
    }
    await chown(join(directory, "paused"), 0, 0);
    for (const examined of [await asRoot(directory, "doctor"), await asUser(directory, "doctor")]) {
      expect(examined.exitCode).toBe(1);
      expect(examined.stdout).toMatch(/^problem +ownership .*paused/mu);
      expect(examined.stdout).toContain("chown -R 12345:23456");
    }
  });
});
