import { readFileSync } from "node:fs";

import { conformanceGroups } from "../src/conformance-groups.ts";
import { defaultSettings } from "../src/conformance-options.ts";
import { expect, test } from "vitest";

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
const readme = read("../README.md");

test.each(["file-store.test.ts", "file-store-worker.ts"])("shows %s as it is", (name) => {
  expect(readme).toContain(`\`\`\`ts\n${read(name)}\`\`\``);
});

test("needs fewer than forty lines of a backend's author", () => {
  const lines = [read("file-store.test.ts"), read("file-store-worker.ts")].join("").trim().split("\n");
  expect(lines.length).toBeLessThan(40);
});

test.each(conformanceGroups)("explains the group %s", (group) => {
  expect(readme).toContain(`| \`${group}\` |`);
});

test.each(Object.entries(defaultSettings))("tells the default of %s", (option, value) => {
  expect(readme).toContain(`| \`${option}\` | ${value} |`);
});
