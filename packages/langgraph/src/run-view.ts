import type { RunnableConfig } from "@langchain/core/runnables";

import type { LargeValue } from "./checkpoint-document.ts";

/** What a run knows of a document of writes: it has read it, or written it itself. */
export interface SeenWrites {
  readonly version: string;
  readonly channels: ReadonlySet<string>;
  readonly nonce: string;
  readonly answers?: readonly string[] | undefined;
}

/** What a run knows of a checkpoint. */
export interface SeenCheckpoint {
  /** The head's version when this checkpoint was the head, `null` if there was none yet. @default it was not the head */
  headVersion?: string | null | undefined;
  putsSincePrune: number;
  /** The head as it is stored, where its writer was stopped before it was in the history too. */
  unfiled?: Uint8Array | undefined;
  /** The version of each channel that has a value, and where a large one is. @default not known */
  channels?: ReadonlyMap<string, SeenChannel> | undefined;
  /** The documents of writes, by key. @default not known */
  writes?: Map<string, SeenWrites> | undefined;
}

export interface SeenChannel {
  readonly version: string | number | undefined;
  readonly large: LargeValue | undefined;
}

// A run has few in use, one for each subgraph that is under way. The head is read again where it is forgotten.
const maxSeen = 1000;

/**
 * What one run has seen of a store. A run may write only on top of that: where another one has been there meanwhile, it
 * is told.
 */
export class RunView {
  /** Settles when the answer is stored that the run has brought: before that, it may write nothing else. */
  answered: Promise<void> | undefined;
  readonly #seen = new Map<string, SeenCheckpoint>();

  /** @param id `""` for the place before the first checkpoint */
  find(line: string, id: string): SeenCheckpoint | undefined {
    return this.#seen.get(line + id);
  }

  set(line: string, id: string, seen: SeenCheckpoint): SeenCheckpoint {
    this.#seen.delete(line + id);
    this.#seen.set(line + id, seen);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > maxSeen && oldest !== undefined) this.#seen.delete(oldest);
    return seen;
  }

  /** The checkpoints of a line of which more is known than that they exist. */
  *ofLine(line: string): Iterable<SeenCheckpoint> {
    for (const [place, seen] of this.#seen) if (place.startsWith(line)) yield seen;
  }
}

/** Tells runs apart. */
export class RunViews {
  readonly #views = new WeakMap<AbortSignal, RunView>();
  readonly #shared = new RunView();

  /** Whether a view is that of one run alone. */
  isOfOneRun(view: RunView): boolean {
    return view !== this.#shared;
  }

  /**
   * The view of the run that a call belongs to. LangGraph makes a signal for every run and hands it on with each call,
   * so that two runs in one process are two here. Calls without one share a view: state that is read or updated by hand.
   */
  of({ signal }: RunnableConfig): RunView {
    if (signal === undefined) return this.#shared;
    let view = this.#views.get(signal);
    if (view === undefined) this.#views.set(signal, (view = new RunView()));
    return view;
  }
}
