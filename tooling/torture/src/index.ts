export { runTorture } from "./run-torture.ts";
export type { TortureOptions, TortureProgress, TortureReport } from "./run-torture.ts";
