import { rmdir } from "node:fs/promises";
import { dirname } from "node:path";

import type { DirectoryPlace } from "./make-directory.ts";
import { makeDirectory } from "./make-directory.ts";
import { syncDirectory } from "./sync-directory.ts";

const mostRemembered = 10_000;

/**
 * Makes the directories that values are kept in, each durable before anything is put into it: also one that another process
 * has made and perhaps not yet made durable. What is known to be durable is remembered, so that this costs nothing later.
 */
export class DurableParents {
  readonly #root: string;
  readonly #durable = new Set<string>();
  readonly #made: string[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  async ensure(directory: string, place: DirectoryPlace): Promise<void> {
    if (directory === this.#root || this.#durable.has(directory)) return;
    const parent = dirname(directory);
    await this.ensure(parent, place);
    if ((await makeDirectory(directory, place)) && this.#made.length < mostRemembered) this.#made.push(directory);
    await syncDirectory(parent);
    if (this.#durable.size >= mostRemembered) this.#durable.clear();
    this.#durable.add(directory);
  }

  /** Removes what was made here and holds nothing any more. Whoever needs it in this moment makes it again. */
  async removeEmpty(): Promise<void> {
    // Those inside come after those that they are in.
    for (const directory of this.#made.splice(0).toReversed()) await rmdir(directory).catch(() => undefined);
  }

  /** A directory has turned out to be missing: somebody else removed it. */
  forget(): void {
    this.#durable.clear();
  }
}
