// Packs every published package as it would be published, and checks the result as its users would meet it.
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const directory = await mkdtemp(join(tmpdir(), "holdpoint-pack-"));
const withoutImports = new Set<string>();
try {
  for (const name of await readdir(join(root, "packages"))) {
    const manifest = JSON.parse(await readFile(join(root, "packages", name, "package.json"), "utf8")) as {
      name: string;
      version: string;
      private?: boolean;
      exports?: object;
    };
    if (manifest.private === true) continue;
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

function tarballOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
}

function run(command: string, parameters: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(command, parameters, { cwd, encoding: "utf8" });
  if (status === 0) return;
  console.error(`${command} failed:\n${stdout}${stderr}`);
  process.exit(1);
}
