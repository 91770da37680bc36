// Packs every published package as it would be published, and checks the result as its users would meet it.
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { neededByTypes } from "./needed-by-types.ts";
import type { TypedManifest } from "./needed-by-types.ts";

interface Manifest extends TypedManifest {
  readonly version: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, "..");
const directory = await mkdtemp(join(tmpdir(), "holdpoint-pack-"));
const withoutImports = new Set<string>();
try {
  for (const name of await readdir(join(root, "packages"))) {
    const manifest = JSON.parse(await readFile(join(root, "packages", name, "package.json"), "utf8")) as Manifest;
    if (manifest.private === true) continue;
    await checkTypes(join(root, "packages", name), manifest);
    if (manifest.exports === undefined) withoutImports.add(tarballOf(manifest));
    run("npx", ["-y", "pnpm@12.21.0", "pack", "--pack-destination", directory], join(root, "packages", name));
  }
  for (const tarball of await readdir(directory)) {
    console.log(`\n${tarball}`);
    run("publint", ["--strict", join(directory, tarball)], root);
    // A package that is only a command has nothing to import.
    if (withoutImports.has(tarball)) continue;
    // The packages are ESM only: `require` of one works on every Node that is supported, but its types say otherwise.
    run("attw", ["--profile", "esm-only", "--format", "table-flipped", "--no-emoji", join(directory, tarball)], root);
  }
} finally {
  await rm(directory, { recursive: true });
}

/** What is missing shows only to those who import the package in TypeScript, and only outside of this workspace. */
async function checkTypes(folder: string, manifest: Manifest): Promise<void> {
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  const missing = [...(await neededByTypes(folder, manifest))].filter((name) => !Object.hasOwn(declared, name));
  if (missing.length === 0) return;
  console.error(`The types of ${manifest.name} need ${missing.join(", ")}, which is no dependency and no peer of it.`);
  process.exit(1);
}

function tarballOf({ name, version }: Manifest): string {
  return `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
}

function run(command: string, parameters: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(command, parameters, { cwd, encoding: "utf8" });
  if (status === 0) return;
  console.error(`${command} failed:\n${stdout}${stderr}`);
  process.exit(1);
}
