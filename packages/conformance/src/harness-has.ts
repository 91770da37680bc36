import type { HarnessPart } from "./conformance-case.ts";
import type { ConformanceHarness } from "./conformance-harness.ts";
import { passingErrorsOf } from "./faults/passing-errors.ts";

/** Whether a harness has what a case needs of it. */
export function harnessHas(harness: ConformanceHarness, part: HarnessPart): boolean {
  const { faults } = harness;
  if (part === "passing errors") return faults !== undefined && passingErrorsOf(faults).length > 0;
  if (part === "reads and writes") return faults !== undefined && (faults.protocol ?? "tcp") !== "tcp";
  return harness[part] !== undefined;
}
