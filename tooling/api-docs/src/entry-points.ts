import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A module that users import, and the file that it is written in. */
export interface EntryPoint {
  /** As it is imported, for example `@holdpoint/core/driver`. */
  readonly name: string;
  /** An absolute path. */
  readonly file: string;
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string | { readonly source?: string }>>;
}

/** Every entry point of every published package below `root`, by name. */
export async function publishedEntryPoints(root: string): Promise<readonly EntryPoint[]> {
  const entryPoints: EntryPoint[] = [];
  for await (const path of glob("packages/*/package.json", { cwd: root })) {
    const manifest = JSON.parse(await readFile(join(root, path), "utf8")) as Manifest;
    if (manifest.private === true) continue;
    for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
      if (typeof target === "string" || target.source === undefined) continue;
      entryPoints.push({ name: join(manifest.name, subpath), file: join(root, dirname(path), target.source) });
    }
  }
  return entryPoints.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}
