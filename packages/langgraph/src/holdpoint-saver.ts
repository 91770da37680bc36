import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import type { RunnableConfig } from "@langchain/core/runnables";
import { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import type {
  ChannelVersions,
  Checkpoint,
  CheckpointListOptions,
  CheckpointMetadata,
  CheckpointTuple,
  DeltaChannelHistory,
  PendingWrite,
  SerializerProtocol,
} from "@langchain/langgraph-checkpoint";
import pMap from "p-map";

import { GivenAnswers } from "./given-answers.ts";
import { listCheckpoints, listLines } from "./list-checkpoints.ts";
import { pruneLines } from "./prune-threads.ts";
import type { PruneCheckpointsOptions, PruneCheckpointsResult } from "./prune-threads.ts";
import { readLatest, readListed, readNamed } from "./read-checkpoint.ts";
import { RunView, RunViews } from "./run-view.ts";
import { concurrency, keysBelow } from "./saver-context.ts";
import type { SaverContext } from "./saver-context.ts";
import { SaverLayout } from "./saver-layout.ts";
import { configOf, findAddress, readAddress } from "./thread-address.ts";
import { writeCheckpoint } from "./write-checkpoint.ts";
import { isAnswer, refusalOfAnswer, writeAnswer, writeWrites } from "./write-writes.ts";
import type { TaskWrites } from "./write-writes.ts";

/** Options of {@link HoldpointSaver}. */
export interface HoldpointSaverOptions {
  /** What all keys begin with, so that a store can be shared: at most 64 UTF-8 bytes. @default "langgraph/" */
  readonly prefix?: string | undefined;
  /** Makes bytes of values, and values of bytes. @default LangGraph's `JsonPlusSerializer` */
  readonly serde?: SerializerProtocol | undefined;
  /**
   * Whether a run is told, with a `CheckpointError` of code `conflict`, when another has gone on with its thread, and an
   * answer, when nothing waits for one. Without, the last to write wins, as with LangGraph's own savers. @default true
   */
  readonly fence?: boolean | undefined;
  /**
   * Values above this many bytes are stored once, apart from the checkpoints, and not again until they change.
   * @default 65536
   */
  readonly largeValueBytes?: number | undefined;
  /**
   * Removes older checkpoints in passing: at least so many of each namespace of a thread stay, and at most about twice as
   * many. @default all stay
   */
  readonly keepLast?: number | undefined;
  /**
   * Lets a thread end by itself so long after its last checkpoint, in milliseconds. Needs a store with the capability
   * `ttl`, and a graph without delta channels, which are rebuilt from all of a thread. @default never
   */
  readonly ttlMs?: number | undefined;
}

// `pnpm compare:langgraph` finds that below this, a server writes an unchanged value again in less time than it takes to
// read it apart, and above it, in more.
const defaultLargeValueBytes = 65_536;

/**
 * LangGraph's checkpointer on any checkpoint store.
 *
 * Of two processes that run one thread, the second to write is told, and a thread's history stays a line. With
 * LangGraph's `durability: "sync"` that is before its next node runs.
 *
 * @example
 * ```ts
 * const store = await openStore("s3://bucket/agents");
 * const graph = builder.compile({ checkpointer: new HoldpointSaver(store) });
 * const config = { configurable: { thread_id: "thread-1" }, durability: "sync" } as const;
 * await graph.invoke({ amount: 5000 }, config); // until a node calls interrupt()
 * await graph.invoke(new Command({ resume: "approve" }), config);
 * ```
 */
export class HoldpointSaver extends BaseCheckpointSaver {
  readonly #context: SaverContext;
  readonly #keepLast: number | undefined;

  /** @throws {CheckpointError} `invalid-argument`, and `unsupported` for a `ttlMs` that the store does not have */
  constructor(store: CheckpointStore, options: HoldpointSaverOptions = {}) {
    super(options.serde);
    const { prefix = "langgraph/", fence = true, largeValueBytes = defaultLargeValueBytes, keepLast, ttlMs } = options;
    assertWhole("largeValueBytes", largeValueBytes, 0);
    if (keepLast !== undefined) assertWhole("keepLast", keepLast, 1);
    if (ttlMs !== undefined) assertWhole("ttlMs", ttlMs, 1);
    if (ttlMs !== undefined && !store.capabilities.ttl) {
      throw new CheckpointError(
        "unsupported",
        `langgraph: ${store.backend} has no time to live, so that ttlMs cannot be kept. Call prune from time to time.`,
        { backend: store.backend },
      );
    }
    const layout = new SaverLayout(prefix);
    this.#keepLast = keepLast;
    const state = { views: new RunViews(), answers: new GivenAnswers() };
    this.#context = { store, layout, fence, largeValueBytes, ttlMs, serde: this.serde, ...state };
  }

  /**
   * A checkpoint with what its tasks have written on top of it: the newest of a thread, or the one that the config names.
   *
   * @throws {CheckpointError} `invalid-argument`, `corrupt`, and what the store's `get` and `list` throw
   */
  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const address = findAddress(config, "getTuple");
    if (address === undefined) return undefined;
    const { id, threadId } = address;
    const { layout, answers } = this.#context;
    const root = rootCheckpointId(config);
    // A subgraph begins once the answer is stored that its graph goes on with.
    if (root !== undefined) await answers.settled(layout.checkpoint(layout.line(threadId, ""), root));
    const view = this.#context.views.of(config);
    const tuple =
      id === undefined
        ? await readLatest(this.#context, view, address)
        : await readNamed(this.#context, view, { ...address, id });
    if (tuple !== undefined && address.namespace === "") {
      answers.forgetFailed(layout.checkpoint(layout.line(threadId, ""), tuple.checkpoint.id));
    }
    return tuple;
  }

  /**
   * The checkpoints of a thread, or of all threads if none is named; the newest of each first.
   *
   * @throws {CheckpointError} `invalid-argument`, `corrupt`, and what the store's `get` and `list` throw
   */
  override list(config: RunnableConfig, options: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple> {
    return listCheckpoints(this.#context, config, options);
  }

  /**
   * Stores a checkpoint in two requests at once, and before them one for each large value that has changed.
   *
   * @throws {CheckpointError} `conflict` if another run has gone on with the thread, `invalid-argument`, `unsupported`,
   * and what the store's `put` throws
   */
  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const address = readAddress(config, "put");
    const { threadId, namespace } = address;
    const seen = await writeCheckpoint(this.#context, this.#context.views.of(config), address, {
      checkpoint,
      metadata,
      newVersions,
    });
    if (this.#keepLast !== undefined && seen.putsSincePrune > this.#keepLast) {
      await pruneLines(this.#context, this.#context.layout.line(threadId, namespace), {
        keepLast: this.#keepLast,
      }).then(
        () => (seen.putsSincePrune = 0),
        // The checkpoint is stored; the next one tries again.
        () => undefined,
      );
    }
    return configOf(threadId, namespace, checkpoint.id);
  }

  /**
   * Stores what a task has written, in one request, and one for each special write.
   *
   * @throws {CheckpointError} `conflict` if another run has written on top of the same checkpoint, or for an answer that
   * nothing waits for; `invalid-argument`, and what the store's `put` throws
   */
  override putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string, taskPath = ""): Promise<void> {
    const address = readAddress(config, "putWrites");
    const { id } = address;
    if (id === undefined) {
      throw new CheckpointError(
        "invalid-argument",
        "langgraph: cannot putWrites: the config has no checkpoint_id, so that nobody can tell what they stand on.",
        { operation: "putWrites" },
      );
    }
    const view = this.#context.views.of(config);
    const task: TaskWrites = { address: { ...address, id }, taskId, taskPath, writes };
    if (!this.#context.fence || !isAnswer(task)) return writeWrites(this.#context, view, task);
    // Thrown and not rejected: LangGraph waits for no promise of this method before it runs the next node.
    const refusal = refusalOfAnswer(this.#context, view, task);
    if (refusal !== undefined) throw refusal;
    return writeAnswer(this.#context, view, task);
  }

  /**
   * What delta channels are rebuilt from: one listing, and a read for each checkpoint back to the last snapshot and for
   * each task that has written on top of it.
   *
   * @throws {CheckpointError} `invalid-argument`, `corrupt`, and what the store's `get` and `list` throw
   */
  override async getDeltaChannelHistory(
    options: Parameters<BaseCheckpointSaver["getDeltaChannelHistory"]>[0],
  ): Promise<Record<string, DeltaChannelHistory>> {
    const { threadId, namespace } = readAddress(options.config, "getDeltaChannelHistory");
    const line = this.#context.layout.line(threadId, namespace);
    const [listed] = await listLines(this.#context, line);
    const getTuple = async (config: RunnableConfig): Promise<CheckpointTuple | undefined> => {
      const { id } = readAddress(config, "getDeltaChannelHistory");
      if (id === undefined) return await readLatest(this.#context, new RunView(), { threadId, namespace, id });
      return (await readListed(this.#context, line, id, listed?.checkpoints.get(id)?.keys ?? []))?.tuple;
    };
    // The walk is LangGraph's own. What it reads is not what a run goes on from.
    return await super.getDeltaChannelHistory.call({ getTuple } as unknown as BaseCheckpointSaver, options);
  }

  /**
   * Removes a thread with all of its namespaces. A run that is going on with it is told.
   *
   * @throws {CheckpointError} what the store's `list` and `delete` throw
   */
  override async deleteThread(threadId: string): Promise<void> {
    const { store, layout } = this.#context;
    const keys = await keysBelow(this.#context, layout.thread(threadId));
    const isHead = (key: string): boolean => layout.parse(key)?.kind === "head";
    // The heads first, so that nobody finds half a thread.
    for (const part of [keys.filter(isHead), keys.filter((key) => !isHead(key))]) {
      await pMap(part, async (key) => await store.delete(key), { concurrency });
    }
  }

  /**
   * Removes old checkpoints, and never what a thread needs to go on, also while it does: an interrupt that waits stays
   * for as long as it waits.
   *
   * @example
   * ```ts
   * await saver.prune({ keepLast: 10, olderThanMs: 30 * 24 * 3_600_000 });
   * ```
   * @throws {CheckpointError} `invalid-argument`, and what the store's `get`, `list` and `delete` throw
   */
  async prune(options: PruneCheckpointsOptions = {}): Promise<PruneCheckpointsResult> {
    const { threadId, ...limits } = options;
    if (limits.keepLast !== undefined) assertWhole("keepLast", limits.keepLast, 1);
    if (limits.olderThanMs !== undefined) assertWhole("olderThanMs", limits.olderThanMs, 0);
    const { layout } = this.#context;
    return await pruneLines(this.#context, threadId === undefined ? layout.prefix : layout.thread(threadId), limits);
  }
}

/** The checkpoint of the outermost graph that a subgraph's run belongs to. */
function rootCheckpointId({ configurable }: RunnableConfig): string | undefined {
  const namespace: unknown = configurable?.["checkpoint_ns"];
  const ids = configurable?.["checkpoint_map"] as Readonly<Record<string, string>> | undefined;
  return namespace === undefined || namespace === "" ? undefined : ids?.[""];
}

function assertWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new CheckpointError(
    "invalid-argument",
    `langgraph: ${name} is ${value}; expected a whole number from ${least}.`,
  );
}
