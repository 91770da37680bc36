import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Environment } from "../environment.ts";
import { nodeOfVersion } from "../node-of-version.ts";
import { runExamples, writeExamples } from "../run-examples.ts";
import { runProgram } from "../run-program.ts";

const compilerOptions = {
  target: "es2023",
  lib: ["es2024", "esnext.disposable"],
  module: "nodenext",
  types: ["node"],
  strict: true,
  outDir: "compiled",
};

/** A project of the type `commonjs`: modules by their extension, and TypeScript that is compiled to `require`. */
export const commonjsEnvironment: Environment = {
  name: '`"type": "commonjs"`',
  examples: "yes, as `.mts`, or `.ts` compiled by `tsc`",
  files: "as its Node",
  isQuick: false,
  async run(toolbox) {
    const folder = await toolbox.project("commonjs", "commonjs");
    const oldest = await nodeOfVersion("22.13.0");
    await runExamples({ folder, extension: ".mts", command: [oldest, "--experimental-strip-types"] });
    await runExamples({ folder, extension: ".mjs", command: [oldest] });
    // All of them compile, those for which a server is needed too.
    await writeExamples(folder, ".ts");
    // Google's SDK has its types twice, and a `Storage` that was required is not one that was imported; those of `nats`
    // 2.x need a browser's.
    const exclude = ["backend-gcs-2.ts", "backend-nats-3.ts"];
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"], exclude }));
    await runProgram([process.execPath, "../node_modules/typescript/bin/tsc", "-p", "."], { cwd: folder });
    await runExamples({
      folder,
      extension: ".ts",
      command: [oldest, "--no-warnings"],
      prepare: async (files) => files.map((file) => join("compiled", file.replace(".ts", ".js"))),
    });
  },
};
