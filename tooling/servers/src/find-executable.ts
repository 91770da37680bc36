import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";

/**
 * The full path of a command, looked for in the directories of `PATH` and then in `moreDirectories`.
 *
 * @example
 * ```ts
 * await findExecutable("go", process.env, ["/usr/local/go/bin"]);
 * ```
 */
export async function findExecutable(
  command: string,
  environment: Readonly<Record<string, string | undefined>>,
  moreDirectories: readonly string[] = [],
): Promise<string | undefined> {
  const directories = (environment["PATH"] ?? "").split(delimiter).filter((directory) => directory !== "");
  for (const directory of [...directories, ...moreDirectories]) {
    const path = join(directory, command);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

/** Whether there is a file at `path` that may be executed. */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
