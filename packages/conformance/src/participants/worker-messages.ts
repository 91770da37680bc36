import type { WaitingReport } from "../expect/waiting-list.ts";
import type { RaceJobName } from "./race-jobs.ts";

/** What a worker process is told to do; each request gets one {@link WorkerReply}. */
export type WorkerRequest =
  | { readonly kind: "join"; readonly namespace: string }
  | { readonly kind: "race"; readonly job: RaceJobName; readonly parameters: unknown; readonly startAt: bigint }
  | { readonly kind: "leave" }
  /** Use a store in every way, close it, and let the process end by itself. */
  | { readonly kind: "use once"; readonly namespace: string }
  /** Say what is being waited for; asked in the middle of another request. */
  | { readonly kind: "report" };

/** A worker's answer to its last request. */
export type WorkerReply =
  | { readonly kind: "done"; readonly result: unknown }
  | { readonly kind: "failed"; readonly problem: string }
  | { readonly kind: "report"; readonly report: WaitingReport };

/** What a worker process is started with, as the JSON of its first argument. */
export interface WorkerArguments {
  readonly module: string;
  readonly argument: unknown;
}
