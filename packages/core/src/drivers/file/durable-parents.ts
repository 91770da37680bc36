import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

import { errnoOf } from "./file-error.ts";
import { syncDirectory } from "./sync-directory.ts";

const mostRemembered = 10_000;

/**
 * Makes the directories that values are kept in, each durable before anything is put into it: also one that another process
 * has made and perhaps not yet made durable. What is known to be durable is remembered, so that this costs nothing later.
 */
export class DurableParents {
  readonly #root: string;
  readonly #durable = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  async ensure(directory: string): Promise<void> {
    if (directory === this.#root || this.#durable.has(directory)) return;
    const parent = dirname(directory);
    await this.ensure(parent);
    try {
      await mkdir(directory);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
    await syncDirectory(parent);
    if (this.#durable.size >= mostRemembered) this.#durable.clear();
    this.#durable.add(directory);
  }

  /** A directory has turned out to be missing: somebody else removed it. */
  forget(): void {
    this.#durable.clear();
  }
}
