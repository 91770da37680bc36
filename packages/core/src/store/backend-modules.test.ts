import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { openStore } from "./open-store.ts";

const memoryStore = new URL("../drivers/memory-store.ts", import.meta.url).href;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "hp-modules-"));
});
afterAll(async () => await rm(directory, { recursive: true }));

/** Writes a module with a backend that keeps its values in memory. */
async function backendModule(name: string, path = `${name}.mjs`): Promise<string> {
  const file = join(directory, path);
  const source = `
    import { createMemoryStore } from ${JSON.stringify(memoryStore)};
    export const backend = {
      name: ${JSON.stringify(name)},
      schemes: [${JSON.stringify(name)}],
      parseUrl: () => ({}),
      open: async (options) => createMemoryStore(options),
    };`;
  await writeFile(file, source);
  return file;
}

describe("modules that HOLDPOINT_BACKENDS names", () => {
  it("are loaded by their path, as a URL, and from the working directory", async () => {
    const [absolute, url, near] = await Promise.all(["absolute", "url", "near"].map((name) => backendModule(name)));
    const names = [absolute, pathToFileURL(url ?? "").href, `./${relative(process.cwd(), near ?? "")}`];
    const environment = { HOLDPOINT_BACKENDS: `${names.join(" , ")},` };
    for (const scheme of ["absolute", "url", "near"]) {
      await using store = await openStore(`${scheme}://shelf`, { environment });
      expect(store.backend).toBe("memory");
    }
  });

  it("are packages that the program that was started can import", async () => {
    const [program = ""] = process.argv.splice(1, 1, join(directory, "program.mjs"));
    try {
      await mkdir(join(directory, "node_modules/@acme/backend"), { recursive: true });
      await backendModule("acme", "node_modules/@acme/backend/index.mjs");
      const description = { name: "@acme/backend", exports: "./index.mjs" };
      await writeFile(join(directory, "node_modules/@acme/backend/package.json"), JSON.stringify(description));
      await using store = await openStore("acme://shelf", { environment: { HOLDPOINT_BACKENDS: "@acme/backend" } });
      expect(store.backend).toBe("memory");
    } finally {
      process.argv[1] = program;
    }
  });

  it("win over a backend of ours", async () => {
    const environment = { HOLDPOINT_BACKENDS: await backendModule("gs") };
    await using store = await openStore("gs://bucket", { environment });
    expect(store.backend).toBe("memory");
  });

  it.each([
    ["@acme/missing", /@acme\/missing", which HOLDPOINT_BACKENDS names, is not installed/u],
    ["/no/such/module.mjs", /cannot be loaded \(Cannot find module/u],
    ["EMPTY", /exports no `backend`/u],
    ["BROKEN", /cannot be loaded \(out of order\)/u],
  ])("that cannot be used are an error: %s", async (name, message) => {
    const files = { EMPTY: "export const backend = { name: 1 };", BROKEN: 'throw new Error("out of order");' };
    const source = Object.entries(files).find(([key]) => key === name)?.[1];
    const path = source === undefined ? name : join(directory, `${name}.mjs`);
    if (source !== undefined) await writeFile(path, source);
    await expect(openStore("memory:", { environment: { HOLDPOINT_BACKENDS: path } })).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringMatching(message),
    });
  });
});
