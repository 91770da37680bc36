import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { checkDocstrings } from "./check-docstrings.ts";
import { publishedEntryPoints } from "./entry-points.ts";
import type { Api } from "./read-api.ts";
import { readApi } from "./read-api.ts";
import { differingPages, readPages, renderPages, writePages } from "./write-pages.ts";

const root = join(import.meta.dirname, "../../..");

describe("docs/api", () => {
  let api: Api;
  let pages: ReadonlyMap<string, string>;
  beforeAll(async () => {
    api = await readApi(root);
    pages = await renderPages(api);
  });

  it("says what the docstrings say; if not, run `pnpm api-docs`", async () => {
    expect(differingPages(pages, await readPages(join(root, "docs/api")))).toEqual([]);
  });

  it("is made of docstrings that lack nothing", () => {
    expect(checkDocstrings(api)).toEqual([]);
  });

  it("has a page for each module that can be imported", async () => {
    const names = (await publishedEntryPoints(root)).map(({ name }) => `${name}.md`);
    expect(names.length).toBeGreaterThan(10);
    expect([...pages.keys()].filter((name) => name !== "README.md").toSorted()).toEqual(names.toSorted());
  });

  it("is the same wherever it is made", () => {
    for (const text of pages.values()) expect(text).not.toContain(root);
  });
});

describe("a package of somebody's", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "api-docs-test-"));
    await put("packages/acme/package.json", { name: "@acme/shelf", exports: { ".": { source: "./src/index.ts" } } });
    await put("packages/other/package.json", { name: "@acme/other", exports: { ".": { source: "./src/index.ts" } } });
    await put("packages/other/src/index.ts", "/** How many. */ export declare const total: number;");
    await put("packages/hidden/package.json", { name: "@acme/hidden", private: true, exports: { ".": "./index.js" } });
    await put("tooling/api-docs/tsconfig.json", {
      compilerOptions: { types: [], module: "nodenext", customConditions: ["source"] },
      include: ["../../packages/*/src"],
    });
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  async function put(path: string, content: object | string): Promise<void> {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), typeof content === "string" ? content : JSON.stringify(content));
  }

  it("is found to lack what it lacks", async () => {
    await put(
      "packages/acme/src/index.ts",
      `export interface ShelfOptions {
        /** How deep. */
        readonly depth?: number;
      }
      /** Opens. See {@link nowhere}. @throws {CheckpointError} if it fails */
      export async function openShelf(options: ShelfOptions): Promise<void> {}
      /** Closes. @example \`closeShelf()\` */
      export function closeShelf(): void { throw new Error(); }
      /** Complete. @example \`count()\` */
      export function count(): number { return 1; }
      /** A shelf. */
      export interface Shelf {
        /** Puts. @throws {CheckpointError} \`conflict\` */
        put(): Promise<void>;
        take(): Promise<void>;
      }
      /** What breaks. */
      export class ShelfError extends Error {}`,
    );
    const problems = checkDocstrings(await readApi(directory));
    expect(problems.filter((problem) => problem.includes("nowhere"))).toHaveLength(1);
    expect(problems.filter((problem) => !problem.includes("nowhere")).toSorted()).toEqual([
      "@acme/shelf.Shelf.take: has no @throws",
      "@acme/shelf.ShelfError: has no @example",
      "@acme/shelf.ShelfOptions.depth: has no @default",
      "@acme/shelf.ShelfOptions: has no sentence",
      "@acme/shelf.closeShelf: has no @throws",
      "@acme/shelf.openShelf: has a @throws without codes",
      "@acme/shelf.openShelf: has no @example",
    ]);
  });

  it("is read with the sources of others, built or not", async () => {
    await put("packages/acme/src/index.ts", '/** Counts. */ export { total as count } from "@acme/other";');
    await mkdir(join(directory, "node_modules/@acme"), { recursive: true });
    await symlink(join(directory, "packages/other"), join(directory, "node_modules/@acme/other"));
    const pages = await renderPages(await readApi(directory));
    expect(pages.get("@acme/shelf.md")).toMatch(/count[^]*total/u);
  });

  it("has pages that are out of date when a docstring changes, until they are written again", async () => {
    const pages = join(directory, "docs/api");
    await put("packages/acme/src/index.ts", "/** Counts. */ export declare function count(): number;");
    expect(await writePages(await readApi(directory), pages)).toEqual([
      "@acme/other.md",
      "@acme/shelf.md",
      "README.md",
    ]);
    await put("packages/acme/src/index.ts", "/** Counts to ten. */ export declare function count(): number;");
    await put("docs/api/@acme/gone.md", "# What is no more");
    const api = await readApi(directory);
    expect(differingPages(await renderPages(api), await readPages(pages))).toEqual(["@acme/shelf.md", "@acme/gone.md"]);
    await writePages(api, pages);
    expect(differingPages(await renderPages(api), await readPages(pages))).toEqual([]);
  });
});
