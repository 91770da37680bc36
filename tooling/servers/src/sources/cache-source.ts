import { join } from "node:path";

import { cachedVersionDirectory } from "../cache-directory.ts";
import { isExecutable } from "../find-executable.ts";
import type { ServerSource } from "../server-source.ts";

/** An executable that an earlier run has built. */
export const cacheSource: ServerSource = {
  title: "cache",
  find: async ({ binary }, { cacheDirectory }) => {
    const directory = cachedVersionDirectory(cacheDirectory, binary);
    if (directory === undefined) return { kind: "not-applicable" };
    const path = join(directory, binary.command);
    if (await isExecutable(path)) return { kind: "binary", path };
    return { kind: "none", reason: `nothing in ${directory}` };
  },
};
