import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import { openStore } from "../../store/open-store.ts";
import { FileDriver } from "./file-driver.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "hp-reading-"));
});
afterEach(async () => {
  execFileSync("chmod", ["-R", "u+rwX", directory]);
  await rm(directory, { recursive: true });
});

/** Everything below the directory, and when each of it was changed last. */
async function everything(): Promise<readonly string[]> {
  const names = await readdir(directory, { recursive: true });
  const lines = [directory, ...names.map((name) => join(directory, name))].map(async (path) => {
    const { ctimeMs, mode } = await stat(path);
    return `${path} ${ctimeMs} ${mode}`;
  });
  return (await Promise.all(lines)).toSorted();
}

async function readAll(): Promise<readonly string[]> {
  await using store = await openStore(directory, { access: "read" });
  const keys = await Array.fromAsync(store.list(), ({ key }) => key);
  const bodies = await Promise.all(keys.map(async (key) => new TextDecoder().decode((await store.get(key))?.body)));
  expect(await store.get("paused/none.json")).toBeNull();
  await store.check();
  await store.inspect?.();
  return bodies;
}

it("who only reads changes nothing where no store has written yet", async () => {
  await mkdir(join(directory, "paused"));
  await writeFile(join(directory, "paused/task-1.json"), "{}");
  const before = await everything();
  expect(await readAll()).toEqual(["{}"]);
  expect(await everything()).toEqual(before);
});

it("nor where one has, on a mount that takes no writes either", async () => {
  {
    await using store = await openStore(directory);
    await store.put("paused/t\u00e4sk \ud83d\uded1.json", new TextEncoder().encode("{}"));
  }
  execFileSync("chmod", ["-R", "a-w", directory]);
  const before = await everything();
  expect(await readAll()).toEqual(["{}"]);
  expect(await everything()).toEqual(before);
  await chmod(directory, 0o700);
});

it("refuses to write", async () => {
  await using store = await openStore(directory, { access: "read" });
  const refused = { code: "unsupported", outcome: "not-applied", message: expect.stringContaining("for reading only") };
  await expect(store.put("a", new Uint8Array())).rejects.toMatchObject(refused);
  await expect(store.delete("a")).rejects.toMatchObject(refused);
  expect(await readdir(directory)).toEqual([]);
});

it("does not take a directory that is not there for an empty one", async () => {
  await expect(openStore(join(directory, "nowhere"), { access: "read" })).rejects.toMatchObject({ code: "not-found" });
  await expect(openStore(directory, { access: "look" as "read" })).rejects.toMatchObject({ code: "invalid-argument" });
});

it("reads the names of a large directory in parts, each of which has its own deadline", async () => {
  await mkdir(join(directory, "paused"));
  const paths = Array.from({ length: 2_500 }, (_, index) => join(directory, `paused/task-${index}.json`));
  await Promise.all(paths.map((path) => writeFile(path, "{}")));
  const driver = new FileDriver(directory, { lockWaitMs: 1_000, isReadOnly: true });
  const pages = await Array.fromAsync(driver.list("", { signal: new AbortController().signal, versions: false }));
  // Two full parts in each of two readings.
  expect(pages.findIndex((page) => page.length > 0)).toBe(4);
  expect(pages.flat()).toHaveLength(paths.length);
});
