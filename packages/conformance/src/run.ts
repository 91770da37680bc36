export { conformanceCases } from "./cases/conformance-cases.ts";
export type { CaseContext, CaseOutcome, ConformanceCase } from "./conformance-case.ts";
export type { ConformanceGroup } from "./conformance-groups.ts";
export { ConformanceFailure } from "./conformance-failure.ts";
export type {
  ConformanceFaults,
  ConformanceHarness,
  ConformanceWorkerModule,
  OpenWorkerStore,
} from "./conformance-harness.ts";
export type { ConformanceOptions } from "./conformance-options.ts";
export { runConformance } from "./run-conformance.ts";
export type { ConformanceResult } from "./run-conformance.ts";
export * from "./faults/index.ts";
