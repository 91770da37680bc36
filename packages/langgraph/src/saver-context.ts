import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";

import type { GivenAnswers } from "./given-answers.ts";
import type { RunViews } from "./run-view.ts";
import type { SaverLayout } from "./saver-layout.ts";

/** What all operations of a saver need. */
export interface SaverContext {
  readonly store: CheckpointStore;
  readonly layout: SaverLayout;
  readonly serde: SerializerProtocol;
  readonly fence: boolean;
  readonly largeValueBytes: number;
  readonly ttlMs: number | undefined;
  readonly views: RunViews;
  readonly answers: GivenAnswers;
}

/** How many requests one call has under way at most. */
export const concurrency = 16;

/**
 * The time to live of a key. The head goes first, and with it the thread; whatever it needs outlives it, also where it
 * was written as long as `ttlMs` before.
 */
export function expiry({ ttlMs }: SaverContext, kind: "head" | "other"): { readonly ttlMs?: number } {
  if (ttlMs === undefined) return {};
  return { ttlMs: kind === "head" ? ttlMs : 2 * ttlMs };
}

/** The keys that begin with a prefix. */
export async function keysBelow({ store }: SaverContext, prefix: string): Promise<readonly string[]> {
  return (await Array.fromAsync(store.list({ prefix }))).map(({ key }) => key);
}

/** That a run wrote on top of what is no longer so. */
export function conflict(threadId: string, problem: string, advice: string, cause?: unknown): CheckpointError {
  return new CheckpointError("conflict", `langgraph: thread ${JSON.stringify(threadId)}: ${problem}. ${advice}`, {
    outcome: "not-applied",
    cause,
  });
}

/** What a run can do that was second to write. */
export const goOn = "Read the thread's state again, and go on from there.";
