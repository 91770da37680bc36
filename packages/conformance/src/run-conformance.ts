import type { CaseOutcome, ConformanceCase, ConformanceGroup } from "./conformance-case.ts";
import { groupOf } from "./conformance-case.ts";
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
 * Runs the suite without a test runner, one case after the other, and reports how each ended.
 *
 * @example
 * ```ts
 * const results = await runConformance({ open: openAcmeStore });
 * for (const { id, error } of results) if (error !== undefined) console.error(id, error);
 * ```
 */
export async function runConformance(
  harness: ConformanceHarness,
  options: ConformanceOptions = {},
): Promise<ConformanceResult[]> {
  await using run = new ConformanceRun(harness, options);
  const results: ConformanceResult[] = [];
  for (const conformanceCase of run.cases) {
    const { id } = conformanceCase;
    const group = groupOf(conformanceCase);
    try {
      results.push({ id, group, outcome: await run.run(conformanceCase) });
    } catch (error) {
      results.push({ id, group, outcome: "failed", error });
    }
  }
  return results;
}
