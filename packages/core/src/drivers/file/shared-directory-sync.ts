import { fstatSync } from "node:fs";

import { syncOpenDirectory } from "./sync-directory.ts";

/** The syncs of one directory: the one under way, and the one that comes after it. */
interface DirectorySyncs {
  readonly running: Promise<void>;
  next: Promise<void> | undefined;
}

/**
 * Makes the names in directories durable, for many writes at once: whoever has changed a name while a sync is under way
 * shares the next one with all others. A sync that was begun before the change may have missed it.
 */
export class SharedDirectorySync {
  readonly #syncs = new Map<string, DirectorySyncs>();

  /** @param directory an open descriptor, which must stay open until this settles */
  async sync(directory: number): Promise<void> {
    const { dev, ino } = fstatSync(directory, { bigint: true });
    const key = `${dev}-${ino}`;
    const current = this.#syncs.get(key);
    if (current === undefined) {
      await this.#begin(key, directory);
      return;
    }
    const begin = (): Promise<void> => this.#begin(key, directory);
    // After a failure too: it was that of others, and this one finds out for itself.
    current.next ??= current.running.then(begin, begin);
    await current.next;
  }

  #begin(key: string, directory: number): Promise<void> {
    const running = syncOpenDirectory(directory);
    const syncs: DirectorySyncs = { running, next: undefined };
    this.#syncs.set(key, syncs);
    const end = (): void => {
      if (syncs.next === undefined) this.#syncs.delete(key);
    };
    running.then(end, end);
    return running;
  }
}
