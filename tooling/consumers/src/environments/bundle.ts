import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { startServer } from "@holdpoint/test-servers";

import type { Environment } from "../environment.ts";
import { comparable, runExamples } from "../run-examples.ts";
import { runFileConformance } from "../run-file-conformance.ts";
import { runProgram } from "../run-program.ts";
import type { Toolbox } from "../toolbox.ts";
import { writePrograms } from "../toolbox.ts";

/** Puts each program, with all that it imports, into a file of the same name with another extension. */
export type Bundle = (job: BundleJob) => Promise<unknown>;

/** What a bundler is asked to do. */
interface BundleJob {
  /** Where the programs are, in a project that has all packages and the bundler. */
  readonly folder: string;
  readonly programs: readonly string[];
  readonly outputFolder: string;
  readonly format: "esm" | "cjs";
}

/** How bundles are tried that one bundler makes: as CommonJS, and far from any `node_modules`. */
export function bundleEnvironment(name: string, isQuick: boolean, bundle: Bundle): Environment {
  return {
    name,
    examples: "yes, but for `crewActor`, which starts files of its package",
    files: "yes",
    isQuick,
    run: (toolbox) => tryBundles(toolbox, name, bundle),
  };
}

async function tryBundles(toolbox: Toolbox, name: string, bundle: Bundle): Promise<void> {
  const folder = await toolbox.project(name, "module");
  const outputFolder = await toolbox.folder(`bundles-${name}`, { type: "module" });
  const others = ["missing-backend.mjs", "registered-backend.mjs"];
  await writePrograms(folder, "missing-backend", "registered-backend");
  await runExamples({
    folder,
    extension: ".mjs",
    command: [process.execPath],
    cwd: outputFolder,
    isLeftOut: (code) => code.includes("crewActor"),
    prepare: async (files) => {
      await bundle({ folder, programs: [...files, ...others], outputFolder, format: "cjs" });
      return files.map((file) => join(outputFolder, file.replace(".mjs", ".cjs")));
    },
  });

  const missing = await runProgram([process.execPath, "missing-backend.cjs"], { cwd: outputFolder });
  for (const part of ["bundle", 'import { backend } from "@holdpoint/backend-redis"', "registerBackend"]) {
    if (!missing.stdout.includes(part))
      throw new Error(`What is said of a missing backend lacks ${part}: ${missing.stdout}`);
  }
  await useRegisteredBackend(outputFolder);

  await runFileConformance({
    folder,
    command: [process.execPath],
    // The suite is no part of the bundle; the store that all its processes open is.
    prepare: async () => {
      await bundle({ folder, programs: ["file-store-worker.mjs"], outputFolder, format: "esm" });
      const path = JSON.stringify(join(outputFolder, "file-store-worker.mjs"));
      await writeFile(join(folder, "file-store-worker.mjs"), `export * from ${path};\n`);
    },
  });
}

/** The backend is in the bundle, and does its work on a real server. */
async function useRegisteredBackend(cwd: string): Promise<void> {
  const server = await startServer("redis");
  if (server.kind === "missing") throw new Error(`There is no Redis server to try a bundled backend with.`);
  try {
    const env = { STORE_URL: server.url };
    const { stdout } = await runProgram([process.execPath, "registered-backend.cjs"], { cwd, env });
    if (comparable(stdout) !== "kept") throw new Error(`The backend in the bundle did not keep the value: ${stdout}`);
  } finally {
    await server.stop();
  }
}
