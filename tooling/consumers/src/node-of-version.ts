import { access, mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import { runProgram } from "./run-program.ts";

/** The executable of a Node.js of that version, such as `22.13.0` or `26`, from the npm registry and kept in the cache. */
export async function nodeOfVersion(version: string): Promise<string> {
  const packageName = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  return join(await cachedPackage(`${packageName}@${version}`, packageName), "bin/node");
}

/** A folder in which a package of the npm registry is installed, as it was when it was first asked for. */
export async function cachedPackage(specifier: string, packageName: string): Promise<string> {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(cache, "holdpoint/consumers", specifier.replaceAll(/[^\w.-]/gu, "_"));
  const installed = join(folder, "node_modules", packageName);
  const done = join(folder, "installed");
  const isDone = await access(done).then(
    () => true,
    () => false,
  );
  if (!isDone) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
    await runProgram(["npm", "install", "--no-audit", "--no-fund", specifier], { cwd: folder });
    await writeFile(done, "");
  }
  return installed;
}
