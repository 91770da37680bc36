import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const repository = join(import.meta.dirname, "../../..");

/** Where all packages are found that the processes import which are measured. */
export const folder = join(import.meta.dirname, "..");

/** The programs of the mesh as they are published. */
export const executables = {
  "x-pause": join(repository, "packages/actors/dist/x-pause.js"),
  "x-resume": join(repository, "packages/actors/dist/x-resume.js"),
};

/** What is published is measured, without what it takes to run sources. */
export async function buildPackages(): Promise<void> {
  const compiler = join(repository, "node_modules/typescript/bin/tsc");
  await promisify(execFile)(process.execPath, [compiler, "-b", "tsconfig.build.json"], { cwd: repository });
}
