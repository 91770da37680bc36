import { versionProblem } from "../binary-version.ts";
import { installDebianPackages } from "../debian-packages.ts";
import { findExecutable } from "../find-executable.ts";
import type { ServerSource } from "../server-source.ts";

/** Debian's package, where we may install it. The service that comes with it is not started. */
export const aptSource: ServerSource = {
  title: "apt-get install",
  find: async ({ name, binary }, context) => {
    const { debianPackage } = binary;
    if (debianPackage === undefined) return { kind: "not-applicable" };
    const reason = await installDebianPackages(name, debianPackage, context);
    if (reason !== undefined) return { kind: "none", reason };
    const path = await findExecutable(binary.command, context.environment, [
      "/usr/bin",
      ...(binary.directories?.() ?? []),
    ]);
    if (path === undefined) return { kind: "none", reason: `${debianPackage} brought no ${binary.command}` };
    const problem = await versionProblem(path, binary);
    return problem === undefined ? { kind: "binary", path } : { kind: "none", reason: problem };
  },
};
