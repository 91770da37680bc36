import { homedir } from "node:os";
import { join } from "node:path";

import { versionProblem } from "../binary-version.ts";
import { findExecutable } from "../find-executable.ts";
import type { ServerSource } from "../server-source.ts";

/** An executable on PATH, or where `go install` puts them when nobody says otherwise. */
export const pathSource: ServerSource = {
  title: "PATH",
  find: async ({ binary }, { environment }) => {
    const places = [join(homedir(), "go", "bin"), ...(binary.directories?.() ?? [])];
    const path = await findExecutable(binary.command, environment, places);
    if (path === undefined) return { kind: "none", reason: `no ${binary.command} on PATH or in ~/go/bin` };
    const problem = await versionProblem(path, binary);
    return problem === undefined ? { kind: "binary", path } : { kind: "none", reason: problem };
  },
};
