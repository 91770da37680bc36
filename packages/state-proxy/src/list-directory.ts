import type { CheckpointStore } from "@holdpoint/core";

/** What is under a prefix: keys as they are, and what longer keys have in common up to the next delimiter. */
export interface DirectoryListing {
  readonly keys: readonly string[];
  readonly prefixes: readonly string[];
}

/** Lists what is directly under a prefix; an empty delimiter groups nothing. */
export async function listDirectory(
  store: CheckpointStore,
  prefix: string,
  delimiter: string,
  signal: AbortSignal,
): Promise<DirectoryListing> {
  const keys: string[] = [];
  const prefixes = new Set<string>();
  if (delimiter === "/" && store.listDirectory !== undefined) {
    for await (const { key, isDirectory } of store.listDirectory({ prefix, signal })) {
      if (isDirectory) prefixes.add(key);
      else keys.push(key);
    }
    return sorted(keys, prefixes);
  }
  for await (const { key } of store.list({ prefix, signal })) {
    const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    if (end < 0) keys.push(key);
    else prefixes.add(key.slice(0, end + delimiter.length));
  }
  return sorted(keys, prefixes);
}

function sorted(keys: readonly string[], prefixes: ReadonlySet<string>): DirectoryListing {
  return { keys: keys.toSorted(), prefixes: [...prefixes].toSorted() };
}
