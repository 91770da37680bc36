import type { CheckpointEntry } from "@holdpoint/core";
import type { DriverContext } from "@holdpoint/core/driver";

import { SharedMemoryDriver } from "../shared-memory-driver.ts";
import { withDriver } from "./known-bad-store.ts";
import type { KnownBadStore } from "./known-bad-store.ts";

const pageSize = 1000;

/** Reads the first page and no other. */
class ListsOnePage extends SharedMemoryDriver {
  override async *list(prefix: string, context: DriverContext): AsyncIterable<readonly CheckpointEntry[]> {
    let listed = 0;
    for await (const page of super.list(prefix, context)) {
      yield page;
      listed += page.length;
      if (listed === pageSize) return;
    }
  }
}

/** Begins each page with the key that the one before ended with. */
class RepeatsLastKeyOfPage extends SharedMemoryDriver {
  override async *list(prefix: string, context: DriverContext): AsyncIterable<readonly CheckpointEntry[]> {
    let listed = 0;
    for await (const page of super.list(prefix, context)) {
      yield page;
      listed += page.length;
      if (listed % pageSize === 0) yield page;
    }
  }
}

/** Asks for each page by its offset, while what is before it moves. */
class PagesByOffset extends SharedMemoryDriver {
  override async *list(prefix: string, context: DriverContext): AsyncIterable<readonly CheckpointEntry[]> {
    for (let offset = 0; ; offset += 10) {
      const entries = (await Array.fromAsync(super.list(prefix, context)))
        .flat()
        .toSorted((left, right) => (left.key < right.key ? -1 : 1));
      if (offset >= entries.length) return;
      yield entries.slice(offset, offset + 10);
    }
  }
}

/** Hands the prefix to a server that matches patterns, as it stands. */
class PrefixIsPattern extends SharedMemoryDriver {
  override async *list(prefix: string, context: DriverContext): AsyncIterable<readonly CheckpointEntry[]> {
    for await (const page of super.list("", context)) yield page.filter(({ key }) => matchesGlob(prefix, key));
  }
}

function matchesGlob(prefix: string, key: string): boolean {
  const source = prefix
    .replaceAll(/[.+^${}()|\\]/gu, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  try {
    return new RegExp(`^${source}`, "su").test(key);
  } catch {
    return key.startsWith(prefix);
  }
}

/** Lists a directory, so that a prefix only works up to a slash. */
class PrefixIsDirectory extends SharedMemoryDriver {
  override async *list(prefix: string, context: DriverContext): AsyncIterable<readonly CheckpointEntry[]> {
    const directory = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
    yield* super.list(directory, context);
  }
}

const longListings = ["listing/past-one-page", "listing/prefix", "listing/left-early", "listing/several-at-once"];

export const badListing: readonly KnownBadStore[] = [
  {
    name: "lists one page only",
    foundBy: "listing/past-one-page",
    alsoFails: [...longListings, "listing/during-writes", "listing/while-deleting"],
    options: { listedKeys: 1203 },
    open: withDriver(ListsOnePage),
  },
  {
    name: "repeats a key from page to page",
    foundBy: "listing/past-one-page",
    alsoFails: [...longListings, "listing/during-writes", "listing/while-deleting"],
    options: { listedKeys: 1203 },
    open: withDriver(RepeatsLastKeyOfPage),
  },
  {
    name: "pages by offset",
    foundBy: "listing/while-deleting",
    mayFail: ["listing/during-writes"],
    open: withDriver(PagesByOffset),
  },
  {
    name: "takes a prefix for a pattern",
    foundBy: "listing/prefix-is-not-a-pattern",
    open: withDriver(PrefixIsPattern),
  },
  {
    name: "takes a prefix for a directory",
    foundBy: "listing/prefix",
    alsoFails: ["listing/prefix-is-not-a-pattern", "keys/listed-by-any-prefix"],
    open: withDriver(PrefixIsDirectory),
  },
];
