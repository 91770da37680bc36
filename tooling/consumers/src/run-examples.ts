import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { Example } from "./examples.ts";
import { readExamples } from "./examples.ts";
import type { ProgramPlace } from "./run-program.ts";
import { runProgram } from "./run-program.ts";
import { withoutTypes } from "./toolbox.ts";

/** How the examples are run in an environment. */
export interface ExampleRun {
  readonly folder: string;
  /** What the files are called, and whether they keep their types. */
  readonly extension: ".ts" | ".mts" | ".js" | ".mjs";
  /** The command that runs a file, without the file. */
  readonly command: readonly [string, ...string[]];
  readonly env?: ProgramPlace["env"];
  /** Where they run. @default the folder */
  readonly cwd?: string;
  /** Which of them cannot run there, by what the support table says. */
  readonly isLeftOut?: (code: string) => boolean;
  /** What happens to the files before they run, for example that they are compiled; gives the names to run. */
  readonly prepare?: (files: readonly string[]) => Promise<readonly string[]>;
}

/**
 * Runs every example of the READMEs and of the page for authors, and compares what it prints with what it says.
 *
 * @throws {Error} if one of them fails or prints something else
 */
export async function runExamples(run: ExampleRun): Promise<void> {
  const { folder, extension, command, env, cwd = folder, prepare, isLeftOut = () => false } = run;
  const written = await writeExamples(folder, extension);
  const examples = written.filter(({ code, prints }) => prints !== undefined && !isLeftOut(code));
  const files = examples.map(({ name }) => `${name}${extension}`);
  const prepared = (await prepare?.(files)) ?? files;
  if (examples.length < 3) throw new Error(`Only ${examples.length} examples were found.`);
  for (const [index, { name, prints = [] }] of examples.entries()) {
    const file = prepared[index] ?? "";
    const place = { cwd, env: { CHECKPOINTS: folder, TMPDIR: folder, ...env } };
    const { stdout } = await runProgram([...command, file], place);
    if (comparable(stdout) !== comparable(prints.join("\n"))) {
      throw new Error(`The example ${name} says that it prints\n${prints.join("\n")}\nand prints\n${stdout}`);
    }
  }
}

/** Writes all examples, those that need a server too. */
export async function writeExamples(folder: string, extension: string): Promise<readonly Example[]> {
  const examples = await readExamples();
  for (const { name, code } of examples) {
    const placed = code.replaceAll("file:///tmp", pathToFileURL(folder).href);
    await writeFile(join(folder, `${name}${extension}`), extension.endsWith("ts") ? placed : withoutTypes(placed));
  }
  return examples;
}

/** Runtimes differ in quotes and in where they break lines, and that is all the same to us. */
export function comparable(text: string): string {
  return text.replaceAll(/[\s'"]/gu, "").replaceAll(/,(?=[\]}])/gu, "");
}
