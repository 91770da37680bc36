import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { findProgram } from "./find-program.ts";

async function emptyDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "holdpoint-test-"));
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }));
  return directory;
}

test("a program on PATH is taken", async () => {
  const directory = await emptyDirectory();
  await writeFile(join(directory, "fish"), "#!/bin/sh\n");
  await chmod(join(directory, "fish"), 0o755);
  const found = await findProgram("fish", { environment: { PATH: directory } });
  expect(found).toEqual({ kind: "found", path: join(directory, "fish") });
});

test("one that its variable names is taken before it", async () => {
  const environment = { PATH: await emptyDirectory(), HOLDPOINT_TEST_FISH: "/opt/fish" };
  expect(await findProgram("fish", { environment })).toEqual({ kind: "found", path: "/opt/fish" });
});

test("one that is not to be had says why", async () => {
  const directory = await emptyDirectory();
  const environment = { PATH: directory, HOLDPOINT_CACHE_DIR: directory };
  expect(await findProgram("zsh", { environment })).toEqual({
    kind: "missing",
    name: "zsh",
    reasons: [
      { source: "PATH", reason: "no zsh on PATH" },
      { source: "apt-get install", reason: "there is no apt-get" },
    ],
    wasAskedFor: false,
    remedy: "Put zsh on PATH, or set HOLDPOINT_TEST_ZSH to its path.",
  });
});
