import type { CheckpointEntry, DirectoryEntry } from "@holdpoint/core";
import { directoryEntry } from "@holdpoint/core/driver";
import type { DriverContext, ListContext } from "@holdpoint/core/driver";

import type { MemoryShelf } from "../memory-shelf.ts";
import { SharedMemoryDriver } from "../shared-memory-driver.ts";
import { sharedState, withDriver } from "./known-bad-store.ts";
import type { KnownBadStore } from "./known-bad-store.ts";

const pageSize = 1000;

/** Reads the first page and no other. */
class ListsOnePage extends SharedMemoryDriver {
  override async *list(prefix: string, context: ListContext): AsyncIterable<readonly CheckpointEntry[]> {
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
  override async *list(prefix: string, context: ListContext): AsyncIterable<readonly CheckpointEntry[]> {
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
  override async *list(prefix: string, context: ListContext): AsyncIterable<readonly CheckpointEntry[]> {
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
  override async *list(prefix: string, context: ListContext): AsyncIterable<readonly CheckpointEntry[]> {
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
  override async *list(prefix: string, context: ListContext): AsyncIterable<readonly CheckpointEntry[]> {
    const directory = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
    yield* super.list(directory, context);
  }
}

/** Lists an ETag as it stands in the answer, where reads take its quotes off. */
class ListsQuotedVersions extends SharedMemoryDriver {
  override async *list(prefix: string, context: ListContext): AsyncIterable<readonly CheckpointEntry[]> {
    for await (const page of super.list(prefix, context)) {
      yield page.map(({ key, version }) => ({ key, version: JSON.stringify(version) }));
    }
  }
}

const firstVersions = sharedState(() => new Map<string, string>());

/** Lists from an index that knows of a value when it is created, and of nothing that comes later. */
class ListsFirstVersions extends SharedMemoryDriver {
  readonly #versions: Map<string, string>;

  constructor(shelf: MemoryShelf) {
    super(shelf);
    this.#versions = firstVersions(shelf);
  }

  override async *list(prefix: string, context: ListContext): AsyncIterable<readonly CheckpointEntry[]> {
    for await (const page of super.list(prefix, { ...context, versions: true })) {
      yield page.map(({ key, version = "" }) => {
        const first = this.#versions.get(key) ?? version;
        this.#versions.set(key, first);
        return context.versions ? { key, version: first } : { key };
      });
    }
  }
}

/** Groups by the first slash of a key, whatever was asked for. */
class GroupsByFirstSlash extends SharedMemoryDriver {
  async *listDirectory(prefix: string, context: DriverContext): AsyncIterable<readonly DirectoryEntry[]> {
    for await (const page of super.list(prefix, { ...context, versions: false })) {
      yield page.map(({ key }) => {
        const end = key.indexOf("/") + 1;
        return end === 0 ? { key, isDirectory: false } : { key: key.slice(0, end), isDirectory: true };
      });
    }
  }
}

/** Shows the directories of the first page alone. */
class GroupsOnePage extends SharedMemoryDriver {
  async *listDirectory(prefix: string, context: DriverContext): AsyncIterable<readonly DirectoryEntry[]> {
    let left = pageSize;
    for await (const page of super.list(prefix, { ...context, versions: false })) {
      yield page.slice(0, left).map(({ key }) => directoryEntry(key, prefix));
      left -= page.length;
      if (left <= 0) return;
    }
  }
}

const longListings = [
  "listing/past-one-page",
  "listing/prefix",
  "listing/versions-past-one-page",
  "listing/directories-past-one-page",
  "listing/left-early",
  "listing/several-at-once",
];

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
    alsoFails: ["listing/prefix-is-not-a-pattern", "keys/listed-by-any-prefix", "listing/directories"],
    open: withDriver(PrefixIsDirectory),
  },
  {
    name: "lists quoted versions",
    foundBy: "listing/versions",
    alsoFails: ["listing/versions-past-one-page", "listing/entries", "capabilities/listed-versions-or-refusal"],
    open: withDriver(ListsQuotedVersions),
  },
  {
    name: "lists the versions that values had at first",
    foundBy: "listing/versions",
    mayFail: ["listing/versions-past-one-page"],
    open: withDriver(ListsFirstVersions),
  },
  {
    name: "groups keys by their first slash",
    foundBy: "listing/directories",
    alsoFails: ["listing/directories-past-one-page"],
    open: withDriver(GroupsByFirstSlash),
  },
  {
    name: "shows one page of a directory",
    foundBy: "listing/directories-past-one-page",
    options: { listedKeys: 1203 },
    open: withDriver(GroupsOnePage),
  },
];
