import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** The bytes of all files that installing some packages puts on the disk, what they depend on included. */
export async function installedSize(from: string, packages: readonly string[]): Promise<number> {
  const seen = new Set<string>();
  const add = async (importer: string, name: string): Promise<void> => {
    const directory = await findPackage(importer, name);
    // A peer or an optional dependency that nobody has installed.
    if (directory === undefined || seen.has(directory)) return;
    seen.add(directory);
    const manifest = JSON.parse(await readFile(join(directory, "package.json"), "utf8")) as {
      readonly dependencies?: Readonly<Record<string, string>>;
      readonly peerDependencies?: Readonly<Record<string, string>>;
      readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
    };
    const peers = Object.keys(manifest.peerDependencies ?? {}).filter(
      (peer) => manifest.peerDependenciesMeta?.[peer]?.optional !== true,
    );
    for (const dependency of [...Object.keys(manifest.dependencies ?? {}), ...peers]) await add(directory, dependency);
  };
  for (const name of packages) await add(from, name);
  let total = 0;
  for (const directory of seen) total += await sizeOf(directory);
  return total;
}

async function findPackage(importer: string, name: string): Promise<string | undefined> {
  for (let directory = importer; ; directory = dirname(directory)) {
    try {
      return await realpath(join(directory, "node_modules", name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      if (dirname(directory) === directory) return undefined;
    }
  }
}

// Of a package in this repository, only what is published.
const unpublished = new Set(["node_modules", "test", "examples", "tsconfig.build.json"]);

async function sizeOf(directory: string): Promise<number> {
  let total = 0;
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) total += unpublished.has(entry.name) ? 0 : await sizeOf(path);
    else if (!/\.test\.ts$|\.tsbuildinfo$/u.test(entry.name)) total += (await stat(path)).size;
  }
  return total;
}
