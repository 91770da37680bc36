import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";

import { expect, it } from "vitest";

async function namesOf(packageName: string): Promise<ReadonlySet<string>> {
  const sources = join(import.meta.dirname, "../..", packageName, "src");
  const files = await readdir(sources, { recursive: true });
  return new Set(files.filter((file) => file.endsWith(".ts")).map((file) => basename(file)));
}

it.each(["core", "asya"])(
  "no file here has the name of one in %s: who looks for it would find the other",
  async (of) => {
    const theirs = await namesOf(of);
    const ours = await namesOf("cli");
    expect(ours.size).toBeGreaterThan(50);
    expect([...ours].filter((name) => theirs.has(name))).toEqual([]);
  },
);
