import { mkdtemp, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";

import { expect, it, onTestFinished } from "vitest";

import { createFileStore } from "./file-store.ts";

async function inspect(parent: string): Promise<readonly string[]> {
  const directory = await mkdtemp(join(parent, "hp-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await using store = await createFileStore({ directory });
  return ((await store.inspect?.()) ?? []).map(({ level, subject, found }) => `${level} ${subject}: ${found}`);
}

const tmpfs = 0x01021994;
const hasTmpfs = await statfs("/dev/shm").then(
  ({ type }) => type === tmpfs,
  () => false,
);

it("says how much space is left", async () => {
  expect(await inspect(tmpdir())).toContainEqual(expect.stringMatching(/^(?:ok|warning) space: \d+ MiB free/u));
});

it.skipIf(!hasTmpfs)("warns of a filesystem that does not survive a restart", async () => {
  expect((await inspect("/dev/shm"))[0]).toBe("warning durability: the directory is on tmpfs");
});
