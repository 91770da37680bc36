import type { ProgramPlace } from "./run-program.ts";
import { runProgram } from "./run-program.ts";
import { writePrograms } from "./toolbox.ts";

/** How the suite is run in an environment. */
export interface FileConformanceRun {
  readonly folder: string;
  /** The command that runs a file, without the file. */
  readonly command: readonly [string, ...string[]];
  readonly env?: ProgramPlace["env"];
  /** What happens to the worker, which opens the store, before it runs. */
  readonly prepare?: () => Promise<void>;
}

/**
 * Runs the whole suite on the file store.
 *
 * @throws {Error} with the problem of each case that failed
 */
export async function runFileConformance({ folder, command, env, prepare }: FileConformanceRun): Promise<void> {
  await writePrograms(folder, "file-store-worker", "file-conformance", "file-conformance-main");
  await prepare?.();
  const place = { cwd: folder, env, timeoutMs: 600_000 };
  const { stdout } = await runProgram([...command, "file-conformance-main.mjs"], place);
  assertPassed(JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as readonly CaseResult[]);
}

/** How a case ended. */
interface CaseResult {
  readonly id: string;
  readonly outcome: string;
  readonly problem: string;
}

/** @throws {Error} with the problem of each case that failed */
function assertPassed(results: readonly CaseResult[]): void {
  const failed = results.filter(({ outcome }) => outcome === "failed");
  if (results.length < 100) throw new Error(`Only ${results.length} cases were run.`);
  if (failed.length === 0) return;
  throw new Error(
    `${failed.length} of ${results.length} cases failed:\n${failed.map(({ problem }) => problem).join("\n")}`,
  );
}
