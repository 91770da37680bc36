import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { withBuildLock } from "../build-lock.ts";
import { cachedVersionDirectory } from "../cache-directory.ts";
import { findExecutable, isExecutable } from "../find-executable.ts";
import { runLongCommand } from "../long-command.ts";
import type { ServerSource } from "../server-source.ts";

/** Builds the executable with Go, once, into the cache. */
export const goSource: ServerSource = {
  title: "go install",
  find: async ({ name, binary }, context) => {
    const directory = cachedVersionDirectory(context.cacheDirectory, binary);
    if (binary.goModule === undefined || directory === undefined) return { kind: "not-applicable" };
    // The official archive says to unpack it there, and leaves PATH to the reader: https://go.dev/doc/install
    const go = await findExecutable("go", context.environment, ["/usr/local/go/bin"]);
    if (go === undefined) return { kind: "none", reason: "Go is not installed (https://go.dev/doc/install)" };
    const path = join(directory, binary.command);
    const module = `${binary.goModule.path}@${binary.goModule.version}`;
    await mkdir(context.cacheDirectory, { recursive: true });
    return await withBuildLock(join(context.cacheDirectory, "build.lock"), context.say, async () => {
      // Another run may have built it while this one waited for its turn.
      if (await isExecutable(path)) return { kind: "binary", path };
      const keeper = await context.keeper();
      const unfinished = join(context.cacheDirectory, `.unfinished-${name}-${process.pid}`);
      keeper.removeAtEnd(unfinished);
      const problem = await runLongCommand(keeper, context.say, {
        title: `building ${name} with go install (once; kept in ${directory})`,
        command: { command: go, arguments: ["install", module], environment: { GOBIN: unfinished } },
      });
      if (problem !== undefined) return { kind: "none", reason: `go install ${module} ${problem}` };
      // Whole or not at all: what is in the cache is never half written.
      await rm(directory, { recursive: true, force: true });
      await rename(unfinished, directory);
      return { kind: "binary", path };
    });
  },
};
