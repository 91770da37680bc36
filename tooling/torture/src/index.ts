export { runHoldTorture } from "./holds/run-hold-torture.ts";
export type { HoldTortureOptions, HoldTortureProgress, HoldTortureReport } from "./holds/run-hold-torture.ts";
export { runTorture } from "./run-torture.ts";
export type { TortureOptions, TortureProgress, TortureReport } from "./run-torture.ts";
