import { execFile } from "node:child_process";
import { glob, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { temporaryDirectory } from "./every-store.ts";

const root = join(import.meta.dirname, "..");
// Inside the repository, and those of a package inside it, so that imports are found as its users find them.
const directory = join(root, ".examples");
const execute = promisify(execFile);

const written = await Array.fromAsync(
  glob("{*.md,docs/**/*.md,packages/*/README.md}", { cwd: root, exclude: (name) => name.includes("node_modules") }),
);
// The API reference is made of docstrings, whose examples leave out what everybody knows.
const pages = written.filter((page) => !page.startsWith("docs/api/"));

/** Where the examples of a page are written; what belongs to a package is looked up from there. */
function directoryFor(page: string): string {
  const folder = page === "docs/langgraph.md" ? "packages/langgraph" : /^packages\/[^/]+/u.exec(page)?.[0];
  return join(root, folder ?? "", ".examples");
}

/** The TypeScript examples of a page. */
async function examplesOf(page: string): Promise<readonly string[]> {
  const text = await readFile(join(root, page), "utf8");
  return Array.from(text.matchAll(/^```ts\n(.*?)^```$/gmsu), ([, code = ""]) => code);
}

beforeAll(async () => {
  for (const page of pages) {
    await rm(directoryFor(page), { recursive: true, force: true });
    await mkdir(directoryFor(page));
  }
});

afterAll(async () => {
  for (const page of pages) await rm(directoryFor(page), { recursive: true, force: true });
});

it("holds examples that compile", async () => {
  let count = 0;
  for (const page of pages) {
    for (const [index, code] of (await examplesOf(page)).entries()) {
      // An example of several files is a test of its package, which compiles it.
      if (code.includes('from "./')) continue;
      const name = `${page.replaceAll(/[/.]/gu, "-")}-${index + 1}.ts`;
      await writeFile(join(directoryFor(page), name), `${code}\nexport {};\n`);
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(5);
  const config = {
    extends: "../tsconfig.json",
    compilerOptions: { noUnusedLocals: false },
    include: ["*.ts", "../packages/*/.examples/*.ts"],
  };
  await writeFile(join(directory, "tsconfig.json"), JSON.stringify(config));
  const { stdout } = await execute("tsc", ["-p", directory]).catch((error: { stdout: string }) => error);
  expect(stdout).toBe("");
});

it.each([0, 1])("opens with examples that run (%i)", async (index) => {
  const code = (await examplesOf("README.md"))[index] ?? "";
  expect(code.trim().split("\n").length).toBeLessThanOrEqual(16);
  const file = join(directory, "readme.ts");
  await writeFile(file, code);
  await using state = await temporaryDirectory();
  const { stdout } = await execute(process.execPath, ["--conditions=source", file], {
    env: { ...process.env, CHECKPOINTS: state.path },
  });
  expect(stdout.trim()).toBe(/console\.log\(.*\); \/\/ (.*)$/mu.exec(code)?.[1]);
});

describe("links", () => {
  it.each(pages)("of %s lead somewhere", async (page) => {
    const text = await readFile(join(root, page), "utf8");
    const targets = Array.from(text.matchAll(/\]\(([^)#\s]+)[^)]*\)/gu), ([, target = ""]) => target);
    for (const target of targets.filter((each) => !/^[a-z]+:/u.test(each))) {
      const found = await Array.fromAsync(glob(join(root, dirname(page), target)));
      expect({ target, found: found.length > 0 }).toEqual({ target, found: true });
    }
  });
});
