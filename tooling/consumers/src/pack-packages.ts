import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { runProgram } from "./run-program.ts";

const root = join(import.meta.dirname, "../../..");

/** Builds the published packages and packs them as they would be published; the tarballs' paths by package name. */
export async function packPackages(directory: string): Promise<ReadonlyMap<string, string>> {
  await runProgram([join(root, "node_modules/.bin/tsc"), "-b", "tsconfig.build.json"], { cwd: root });
  const packed = await Promise.all(
    (await readdir(join(root, "packages"))).map(async (folder): Promise<readonly (readonly [string, string])[]> => {
      const cwd = join(root, "packages", folder);
      const manifest = JSON.parse(await readFile(join(cwd, "package.json"), "utf8")) as {
        readonly name: string;
        readonly version: string;
        readonly private?: boolean;
      };
      if (manifest.private === true) return [];
      await runProgram(["npx", "-y", "pnpm@12.21.0", "pack", "--pack-destination", directory], { cwd });
      const file = `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`;
      return [[manifest.name, join(directory, file)]];
    }),
  );
  return new Map(packed.flat());
}
