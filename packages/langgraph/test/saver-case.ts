import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";

/** How the cases reach a saver, of whatever make. */
export interface SaverHarness {
  /**
   * A saver as another process would have it: nothing in memory, and the same storage as all others of this case.
   */
  readonly open: () => Promise<BaseCheckpointSaver>;
  /** The same through a connection whose answers are lost now and then, after what was asked for has been done. */
  readonly openWithLostAnswers?: (() => Promise<BaseCheckpointSaver>) | undefined;
  /** The same for a process that is gone after so many requests to storage: each later one fails, and does nothing. */
  readonly openDying?: ((requests: number) => Promise<BaseCheckpointSaver>) | undefined;
  /** How many checkpoints a long thread has. */
  readonly longThread: number;
}

/** What a saver should do, and what LangGraph's own suite does not ask. */
export interface SaverCase {
  readonly title: string;
  /** What of the harness it cannot do without. */
  readonly needs?: "openWithLostAnswers" | "openDying" | undefined;
  /** Rejects if the saver does not do it. */
  readonly run: (harness: SaverHarness) => Promise<void>;
}
