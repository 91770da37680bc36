import { mkdir } from "node:fs/promises";

import type { DirectoryOwner } from "./directory-owner.ts";
import { errnoOf } from "./file-error.ts";

/** Where directories are made, and for whom. */
export interface DirectoryPlace {
  /** A directory on the same filesystem, for what has no name yet. */
  readonly temporary: string;
  /** `undefined` if whatever this process makes is right as it is. */
  readonly owner: DirectoryOwner | undefined;
}

/** Makes a directory unless there is something; says whether it did. */
export async function makeDirectory(path: string, { temporary, owner }: DirectoryPlace): Promise<boolean> {
  if (owner !== undefined) return await owner.makeDirectory(path, temporary);
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    return false;
  }
}
