import type { CaseOutcome, ConformanceCase } from "./conformance-case.ts";
import type { ConformanceGroup } from "./conformance-groups.ts";
import { groupOf } from "./conformance-case.ts";
import { conformanceGroups, waitingGroups } from "./conformance-groups.ts";
import type { ConformanceHarness } from "./conformance-harness.ts";
import type { ConformanceOptions } from "./conformance-options.ts";
import { ConformanceRun } from "./conformance-run.ts";

/** How one case ended. */
export interface ConformanceResult {
  readonly id: ConformanceCase["id"];
  readonly group: ConformanceGroup;
  readonly outcome: CaseOutcome | "failed";
  /** Given if the case failed: a `ConformanceFailure`. */
  readonly error?: unknown;
}

/**
 * Runs the suite without a test runner and reports how each case ended.
 *
 * @example
 * ```ts
 * const results = await runConformance({ open: openAcmeStore });
 * for (const { id, error } of results) if (error !== undefined) console.error(id, error);
 * ```
 * @throws {Error} if what the suite has opened cannot be closed; a case that fails is a result
 */
export async function runConformance(
  harness: ConformanceHarness,
  options: ConformanceOptions = {},
): Promise<ConformanceResult[]> {
  await using run = new ConformanceRun(harness, options);
  const results: ConformanceResult[] = [];
  for (const group of conformanceGroups) {
    const running: Promise<ConformanceResult>[] = [];
    for (const conformanceCase of run.cases) {
      if (groupOf(conformanceCase) !== group) continue;
      const result = runCase(run, conformanceCase);
      running.push(result);
      if (!waitingGroups.has(group)) await result;
    }
    results.push(...(await Promise.all(running)));
  }
  return results;
}

async function runCase(run: ConformanceRun, conformanceCase: ConformanceCase): Promise<ConformanceResult> {
  const { id } = conformanceCase;
  const group = groupOf(conformanceCase);
  try {
    return { id, group, outcome: await run.run(conformanceCase) };
  } catch (error) {
    return { id, group, outcome: "failed", error };
  }
}
