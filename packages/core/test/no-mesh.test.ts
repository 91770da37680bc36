import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

// That imports point one way is held by the lint rules; here is what they cannot see.
it("no word of a mesh is in this package", async () => {
  const sources = join(import.meta.dirname, "../src");
  const found: string[] = [];
  for (const path of await readdir(sources, { recursive: true })) {
    if (!path.endsWith(".ts")) continue;
    const lines = (await readFile(join(sources, path), "utf8")).split("\n");
    lines.forEach((line, index) => {
      if (/asya|a2a|x-resume|x-pause/iu.test(line)) found.push(`${path}:${index + 1}: ${line.trim()}`);
    });
  }
  expect(found).toEqual([]);
});
