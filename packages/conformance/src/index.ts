export type { CaseOutcome } from "./conformance-case.ts";
export type { ConformanceGroup } from "./conformance-groups.ts";
export type {
  ConformanceFaults,
  ConformanceHarness,
  ConformanceWorkerModule,
  OpenWorkerStore,
} from "./conformance-harness.ts";
export type { ConformanceOptions } from "./conformance-options.ts";
export { describeCheckpointStore } from "./describe-checkpoint-store.ts";
export type { ConformanceTaskMeta } from "./describe-checkpoint-store.ts";
export * from "./faults/index.ts";
