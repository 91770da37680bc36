import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { packPackages } from "./pack-packages.ts";
import { runProgram } from "./run-program.ts";

/** What comes from the registry beside our packages, for the environments that need no package manager of their own. */
const tools = [
  "@rollup/plugin-commonjs",
  "@rollup/plugin-json",
  "@rollup/plugin-node-resolve",
  "@types/node@24",
  "esbuild",
  "minio",
  "nats",
  "rollup",
  "typescript",
  "vitest",
  "webpack",
  "webpack-cli",
];

/** The packed packages, and a folder outside of the workspace where they are installed as a stranger would. */
export class Toolbox implements AsyncDisposable {
  /** Paths of the tarballs by package name. */
  readonly tarballs: ReadonlyMap<string, string>;
  readonly #root: string;
  #installed: Promise<string> | undefined;

  private constructor(root: string, tarballs: ReadonlyMap<string, string>) {
    this.#root = root;
    this.tarballs = tarballs;
  }

  static async open(): Promise<Toolbox> {
    const root = await mkdtemp(join(tmpdir(), "holdpoint-consumers-"));
    const tarballs = join(root, "tarballs");
    await mkdir(tarballs);
    return new Toolbox(root, await packPackages(tarballs));
  }

  /** A new folder, with a `package.json`, that has none of our packages yet. */
  async folder(name: string, manifest: object): Promise<string> {
    const folder = join(this.#root, name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, ...manifest }));
    return folder;
  }

  /** A new project of that type, which has all our packages, installed by npm, and tools. */
  async project(name: string, type: "module" | "commonjs"): Promise<string> {
    this.#installed ??= this.#install();
    return await this.folder(join(await this.#installed, name), { type });
  }

  async #install(): Promise<string> {
    const folder = await this.folder("installed", {});
    const packages = [...this.tarballs.values(), ...tools];
    await runProgram(["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", ...packages], { cwd: folder });
    return "installed";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }
}

/** Writes programs of this package into a folder, without types, as modules: `x.ts` becomes `x.mjs`. */
export async function writePrograms(folder: string, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const code = await readFile(join(import.meta.dirname, "programs", `${name}.ts`), "utf8");
    await writeFile(join(folder, `${name}.mjs`), withoutTypes(code).replaceAll(/"(\.\/[\w-]+)\.ts"/gu, '"$1.mjs"'));
  }
}

/** The same program in JavaScript. */
export function withoutTypes(code: string): string {
  return stripTypeScriptTypes(code);
}
