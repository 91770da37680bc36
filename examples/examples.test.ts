import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { describe, expect, it } from "vitest";

const read = (name: string): Promise<string> => readFile(join(import.meta.dirname, name), "utf8");
const programs = ["self-pausing-actor.ts", "question-per-message.ts", "run-once.ts"];
const holdPrograms = ["four-eyes.ts", "default-rejects.ts", "run-from-the-top.ts"];
const harness = ["sqlite-backend.test.ts", "sqlite-backend-worker.ts"];

it.each([...programs, ...holdPrograms])("%s prints what it says", async (name) => {
  const directory = await mkdtemp(join(tmpdir(), "example-"));
  const env = { ...process.env, TMPDIR: directory };
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, name)], { env });
  await rm(directory, { recursive: true });
  const promised = Array.from((await read(name)).matchAll(/console\.log\(.*\); \/\/ (.*)/gu), ([, comment]) => comment);
  expect(stdout.trim().split("\n")).toEqual(promised);
});

describe("the page for authors", () => {
  it.each([...programs, "sqlite-backend.ts", ...harness])("shows %s as it is", async (name) => {
    expect(await read("../docs/authors.md")).toContain(`\`\`\`ts\n${await read(name)}\`\`\``);
  });
});

describe("the page on holds", () => {
  it.each(holdPrograms)("shows %s as it is", async (name) => {
    expect(await read("../docs/holds.md")).toContain(`\`\`\`ts\n${await read(name)}\`\`\``);
  });
});

it("a backend of one file needs fewer than forty lines to run the suite", async () => {
  const lines = (await Promise.all(harness.map(read))).join("").trim().split("\n");
  expect(lines.length).toBeLessThan(40);
});

it.each([...programs, ...holdPrograms, "sqlite-backend.ts", ...harness])(
  "%s imports only what an author can install",
  async (name) => {
    const imports = Array.from((await read(name)).matchAll(/(?:from|import) "([^"]+)";/gu), ([, path = ""]) => path);
    const own = ["./sqlite-backend.ts", "./sqlite-backend-worker.ts"];
    expect(imports.filter((path) => !/^(?:node:|vitest$|@holdpoint\/)/u.test(path) && !own.includes(path))).toEqual([]);
  },
);
