import { glob, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { Api } from "./read-api.ts";

/**
 * Brings a directory of pages up to date; nothing else may be in it.
 *
 * @returns the pages that were written or removed
 */
export async function writePages(api: Api, directory: string): Promise<readonly string[]> {
  const pages = await renderPages(api);
  const present = await readPages(directory);
  const changed = differingPages(pages, present);
  for (const name of changed) {
    const text = pages.get(name);
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await (text === undefined ? rm(path) : writeFile(path, text));
  }
  return changed;
}

/** The text of every page by its path. */
export async function renderPages(api: Api): Promise<ReadonlyMap<string, string>> {
  const directory = await mkdtemp(join(tmpdir(), "api-docs-"));
  try {
    await api.write(directory);
    const pages = await readPages(directory);
    return new Map(Array.from(pages, ([name, text]) => [name, text.replaceAll(/[ \t]+$/gmu, "")]));
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The text of every page in a directory by its path. */
export async function readPages(directory: string): Promise<ReadonlyMap<string, string>> {
  const names = await Array.fromAsync(glob("**/*.md", { cwd: directory }));
  const texts = await Promise.all(
    names.map(async (name) => [name, await readFile(join(directory, name), "utf8")] as const),
  );
  return new Map(texts.toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** The paths of pages that are not the same in both. */
export function differingPages(
  pages: ReadonlyMap<string, string>,
  others: ReadonlyMap<string, string>,
): readonly string[] {
  const names = new Set([...pages.keys(), ...others.keys()]);
  return [...names].filter((name) => pages.get(name) !== others.get(name));
}
