import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect, it } from "vitest";

import { createLocalMesh } from "../src/mesh.ts";

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const read = (name: string): Promise<string> => readFile(fileOf(name), "utf8");

it.each(["summarizer.ts", "review-workflow.ts"])("shows the example %s as it is", async (name) => {
  expect(await read("../README.md")).toContain(`\`\`\`ts\n${await read(`../examples/${name}`)}\`\`\``);
});

it("shows a summarizer that works", async () => {
  await using mesh = await createLocalMesh({
    actors: {
      summarizer: { command: process.execPath, args: [fileOf("../examples/summarizer.ts")] },
      "x-pause": async ({ payload }) => ({ payload }),
    },
  });
  expect(await mesh.send(["summarizer"], { text: "First. Second." }).outcome).toMatchObject({
    kind: "finished",
    actor: "x-pause",
    envelope: { payload: { summary: "First" } },
  });
});

it("shows a workflow that prints what it says", async () => {
  const directory = await mkdtemp(`${tmpdir()}/readme-`);
  const env = { ...process.env, TMPDIR: directory };
  const { stdout } = await promisify(execFile)(process.execPath, [fileOf("../examples/review-workflow.ts")], { env });
  await rm(directory, { recursive: true });
  const example = await read("../examples/review-workflow.ts");
  const promised = Array.from(example.matchAll(/console\.log\(.*\); \/\/ (.*)/gu), ([, comment]) => comment);
  expect(stdout.trim().split("\n")).toEqual(promised);
});

it("names in its table every error that retry policies may list", async () => {
  const readme = await read("../README.md");
  const source = await read("../src/wire-error.ts");
  const types = Array.from(source.matchAll(/: "(\w+Error)",/gu), ([, type]) => type);
  expect(types.length).toBeGreaterThan(15);
  for (const type of types) expect(readme).toContain(`\`${type}\``);
});

it("names in its table every variable that is read", async () => {
  const readme = await read("../README.md");
  for (const file of ["actor-environment.ts", "serving-environment.ts", "vfs-handler.ts"]) {
    const variables = new Set((await read(`../src/${file}`)).match(/ASYA_[A-Z_]+/gu));
    expect(variables.size).toBeGreaterThan(0);
    for (const variable of variables) expect(readme).toContain(`\`${variable}\``);
  }
});
