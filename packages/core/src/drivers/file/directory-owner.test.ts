import { execFile } from "node:child_process";
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { describe, expect, it, onTestFinished } from "vitest";

import { createFileStore } from "./file-store.ts";

const isRoot = process.geteuid?.() === 0;
const owner = { uid: 12_345, gid: 23_456 };

/** A directory of somebody else. */
async function directoryOf({ uid, gid }: { readonly uid: number; readonly gid: number }): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "hp-owner-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await chown(directory, uid, gid);
  return directory;
}

/** Everything in a directory that is not the owner's. */
async function strangersIn(directory: string, { uid, gid }: typeof owner): Promise<readonly string[]> {
  const strangers: string[] = [];
  for (const name of await readdir(directory, { recursive: true })) {
    const stats = await lstat(join(directory, name));
    if (stats.uid !== uid || stats.gid !== gid) strangers.push(`${name} ${stats.uid}:${stats.gid}`);
  }
  return strangers;
}

const body = new TextEncoder().encode("{}");
// A key for each of the sixteen locks, most likely, in directories of any depth.
const keys = Array.from({ length: 64 }, (_, index) => `paused/${index % 8}/${index % 4}/task-${index}.json`);

/** Runs a script as the owner, with `store`; what is needed of this project is loaded before the rights are dropped. */
async function asOwner(directory: string, script: string): Promise<string> {
  return await asUser({ ...owner, groups: [] }, directory, script);
}

async function asUser(
  { uid, gid, groups }: typeof owner & { readonly groups: readonly number[] },
  directory: string,
  script: string,
): Promise<string> {
  const module = `
    const { createFileStore } = await import(${JSON.stringify(new URL("file-store.ts", import.meta.url).href)});
    const fs = await import("node:fs/promises");
    process.setgroups(${JSON.stringify(groups)});
    process.setgid(${gid});
    process.setuid(${uid});
    await using store = await createFileStore({ directory: ${JSON.stringify(directory)} });
    const body = new TextEncoder().encode("theirs");
    const keys = ${JSON.stringify(keys)};
    ${script}
  `;
  const parameters = ["--conditions=source", "--input-type=module", "--eval", module];
  return (await promisify(execFile)(process.execPath, parameters)).stdout;
}

// Only root can make something for another user.
describe.runIf(isRoot)("root in a directory of another user", () => {
  it("leaves everything to the owner, who can go on with all of it", async () => {
    const directory = await directoryOf(owner);
    {
      await using store = await createFileStore({ directory });
      await store.check();
      for (const key of keys) await store.put(key, body, { ifAbsent: true });
      for (const key of keys) await store.put(key, body, { ifVersion: (await store.get(key))?.version });
      await store.delete(keys[0] ?? "");
      expect(await readdir(join(directory, ".holdpoint/locks"))).not.toEqual([]);
      expect(await strangersIn(directory, owner)).toEqual([]);
      expect((await store.inspect?.())?.filter(({ subject }) => subject === "ownership")).toMatchObject([
        { level: "ok" },
      ]);
    }
    const count = await asOwner(
      directory,
      `
        for (const key of keys) await store.put(key, body, { ifVersion: (await store.get(key))?.version });
        for (const key of keys) await store.put(key + ".next", body, { ifAbsent: true });
        for (const key of keys) await store.delete(key);
        console.log((await Array.fromAsync(store.list())).length);
      `,
    );
    expect(Number(count)).toBe(keys.length);
    expect(await strangersIn(directory, owner)).toEqual([]);
  });

  it("is never in the owner's way, also while both begin at once", async () => {
    const directory = await directoryOf(owner);
    const theirs = asOwner(
      directory,
      `
        for (let round = 0; round < 150; round += 1) await store.put("race-" + round + "/a/b/theirs", body);
        console.log("done");
      `,
    );
    const mine = async (): Promise<void> => {
      await using store = await createFileStore({ directory });
      for (let round = 149; round >= 0; round -= 1) await store.put(`race-${round}/a/b/mine`, body);
    };
    const [said] = await Promise.all([theirs, mine()]);
    expect(said.trim()).toBe("done");
    expect(await strangersIn(directory, owner)).toEqual([]);
    await using store = await createFileStore({ directory });
    expect(await Array.fromAsync(store.list())).toHaveLength(300);
  });

  it("takes over the group's rights of a volume that is shared by its group", async () => {
    const directory = await directoryOf({ uid: 0, gid: owner.gid });
    await chmod(directory, 0o2775);
    await using store = await createFileStore({ directory });
    await store.put("paused/task-1.json", body);
    expect((await lstat(join(directory, "paused"))).mode & 0o2070).toBe(0o2070);
    expect(await lstat(join(directory, "paused/task-1.json"))).toMatchObject({ gid: owner.gid });
    expect(await strangersIn(directory, { uid: 0, gid: owner.gid })).toEqual([]);
  });

  it("is not in the way of those who share a volume by its group alone, as with fsGroup", async () => {
    const directory = await directoryOf({ uid: 0, gid: owner.gid });
    await chmod(directory, 0o2775);
    const putAll = async (): Promise<void> => {
      await using store = await createFileStore({ directory });
      for (const key of keys) await store.put(key, body, { ifAbsent: true });
    };
    const goOn = `
      const versions = new Set();
      for (const key of keys) {
        const { version } = await store.get(key);
        versions.add(version);
        for (let round = 0; round < 3; round += 1) {
          versions.add((await store.put(key, body, { ifVersion: (await store.get(key)).version })).version);
        }
      }
      for (const key of keys) await store.delete(key);
      console.log(versions.size);
    `;
    // Each of the three goes on with what the others have made.
    for (const uid of [owner.uid, owner.uid + 1, owner.uid]) {
      await putAll();
      const count = await asUser({ uid, gid: uid, groups: [owner.gid] }, directory, goOn);
      expect(Number(count)).toBe(keys.length * 4);
    }
    await putAll();
    await using store = await createFileStore({ directory });
    expect(await Array.fromAsync(store.list())).toHaveLength(keys.length);
    expect((await store.inspect?.())?.find(({ subject }) => subject === "ownership")).toMatchObject({ level: "ok" });
  });

  it("takes what the filesystem itself keeps for root to be no hindrance", async () => {
    const directory = await directoryOf(owner);
    await mkdir(join(directory, "lost+found"), { mode: 0o700 });
    await using store = await createFileStore({ directory });
    expect(await store.inspect?.()).toContainEqual(expect.objectContaining({ subject: "ownership", level: "ok" }));
  });

  it.for<readonly [what: string, level: string, change: (directory: string) => Promise<void>]>([
    ["directory", "problem", async (directory) => await chown(join(directory, "paused"), 0, 0)],
    ["lock", "problem", async (directory) => await chown(await firstLock(directory), 0, 0)],
    [
      "value that only root may read",
      "problem",
      async (directory) => {
        await chown(join(directory, "paused/task-1.json"), 0, 0);
        await chmod(join(directory, "paused/task-1.json"), 0o600);
      },
    ],
    [
      "value that all may read",
      "warning",
      async (directory) => await chown(join(directory, "paused/task-1.json"), 0, 0),
    ],
    ["directory that its owner may not write to", "problem", async (directory) => await chmod(directory, 0o555)],
    ["layout", "warning", async (directory) => await chown(join(directory, ".holdpoint/layout.json"), 0, 0)],
    ["mere file of another program", "warning", async (directory) => await writeFile(join(directory, "x.txt"), "")],
  ])("finds a %s: %s", async ([, level, change]) => {
    const directory = await directoryOf(owner);
    await using store = await createFileStore({ directory });
    await store.put("paused/task-1.json", body);
    await change(directory);
    const findings = (await store.inspect?.()) ?? [];
    expect(findings.filter(({ subject }) => subject === "ownership")).toMatchObject([
      {
        level,
        found: expect.stringContaining(directory) as unknown,
        remedy: expect.stringContaining("chown -R 12345:23456") as unknown,
      },
    ]);
  });
});

async function firstLock(directory: string): Promise<string> {
  const locks = join(directory, ".holdpoint/locks");
  return join(locks, (await readdir(locks))[0] ?? "none");
}

it("removes the directories that it made and that hold nothing at its end, and no others", async () => {
  const directory = await mkdtemp(join(tmpdir(), "hp-owner-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  {
    await using store = await createFileStore({ directory });
    await store.put("kept/a.json", body);
    await store.put("kept/deep/b", body);
    await store.put("gone/deep/c", body);
    await store.delete("kept/deep/b");
    await store.delete("gone/deep/c");
  }
  expect((await readdir(directory)).toSorted()).toEqual([".holdpoint", "kept"]);
  expect(await readdir(join(directory, "kept"))).toEqual(["a.json"]);
});
