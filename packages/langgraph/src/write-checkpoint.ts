import { CheckpointError } from "@holdpoint/core";
import type { ChannelVersions, Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";

import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint-document.ts";
import type { CheckpointDocument } from "./checkpoint-document.ts";
import { encodeFrame } from "./frame.ts";
import { channelsOf } from "./read-checkpoint.ts";
import type { RunView, SeenCheckpoint } from "./run-view.ts";
import { conflict, expiry, goOn } from "./saver-context.ts";
import type { SaverContext } from "./saver-context.ts";
import type { ThreadAddress } from "./thread-address.ts";
import { valuesToStore } from "./values-to-store.ts";

/** What LangGraph hands over with a new checkpoint. */
interface NewCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly metadata: CheckpointMetadata;
  /** The channels that have changed since the parent. */
  readonly newVersions: ChannelVersions;
}

/** The head that a new checkpoint takes the place of. */
interface ReplacedHead {
  readonly id: string | undefined;
  readonly version: string | null;
  readonly putsSincePrune: number;
  readonly unfiled: Uint8Array | undefined;
}

/**
 * Stores a checkpoint, as the head and in the history, at once. The head is replaced only if it is still the one that
 * the run went on from. Before that comes what must be there when it is: large values that have changed, and the old
 * head's place in the history if its writer was stopped before it had one.
 *
 * @param address the thread and the checkpoint's parent
 * @returns how many checkpoints the line has got since older ones were last removed
 */
export async function writeCheckpoint(
  context: SaverContext,
  view: RunView,
  address: ThreadAddress,
  { checkpoint, metadata, newVersions }: NewCheckpoint,
): Promise<SeenCheckpoint> {
  const { store, layout, serde, fence } = context;
  const { threadId, namespace, id: parentId } = address;
  const needsAncestors = ancestorsNeeded(metadata);
  if (context.ttlMs !== undefined && needsAncestors > 0) {
    throw new CheckpointError(
      "unsupported",
      `langgraph: thread ${JSON.stringify(threadId)} has a delta channel, which is rebuilt from older checkpoints; with ttlMs they would end before it does. Use prune, which keeps what it needs.`,
      { outcome: "not-applied" },
    );
  }
  const line = layout.line(threadId, namespace);
  // At once, since writes on top of it may come before it is stored.
  const seen = view.set(line, checkpoint.id, { putsSincePrune: 0, writes: new Map() });
  await view.answered;
  const replaced = await replacedHead(context, view, line, parentId);
  const { values, large } = await valuesToStore(context, view, line, {
    parentId,
    // The values of the head stay until it is replaced, and so do those of a checkpoint that refers to them.
    mayRefer: fence && replaced.id === parentId,
    checkpoint,
    newVersions,
  });
  const { channel_values: _, ...frame } = checkpoint;
  const [typedFrame, typedMetadata] = await Promise.all([
    serde.dumpsTyped({ ...frame, channel_values: {} }),
    serde.dumpsTyped(metadata),
  ]);
  const document: CheckpointDocument = {
    threadId,
    namespace,
    id: checkpoint.id,
    parentId,
    replaces: replaced.id,
    putsSincePrune: replaced.putsSincePrune + 1,
    needsAncestors,
    checkpoint: typedFrame,
    metadata: typedMetadata,
    values,
  };
  await Promise.all([
    ...large.map(async ({ channel, value: [type, bytes] }) => {
      const body = encodeFrame({ header: { threadId, namespace, channel, type }, parts: [bytes] });
      await store.put(layout.value(line, checkpoint.id, channel), body, expiry(context, "other"));
    }),
    fileHead(context, line, replaced),
  ]);
  const body = encodeCheckpoint(document);
  const condition = !fence ? {} : replaced.version === null ? { ifAbsent: true } : { ifVersion: replaced.version };
  const [head, filed] = await Promise.allSettled([
    store.put(layout.head(line), body, { ...condition, ...expiry(context, "head") }),
    store.put(layout.document(line, document), body, expiry(context, "other")),
  ]);
  seen.headVersion =
    head.status === "fulfilled" ? head.value.version : await ownHead(context, line, document, head.reason);
  if (filed.status === "rejected") throw filed.reason;
  seen.putsSincePrune = document.putsSincePrune;
  seen.channels = channelsOf(document, checkpoint);
  return seen;
}

/** The head as the run saw it when it went on from it; else as it is now. */
async function replacedHead(
  { store, layout, fence }: SaverContext,
  view: RunView,
  line: string,
  parentId: string | undefined,
): Promise<ReplacedHead> {
  const parent = view.find(line, parentId ?? "");
  if (parent?.headVersion !== undefined) {
    const { headVersion: version, putsSincePrune, unfiled } = parent;
    return { id: parentId, version, putsSincePrune, unfiled };
  }
  // Whoever goes on from an older checkpoint means to leave the newer ones aside.
  const key = layout.head(line);
  const head = fence ? await store.get(key) : null;
  if (head === null) return { id: fence ? undefined : parentId, version: null, putsSincePrune: 0, unfiled: undefined };
  const { id, putsSincePrune } = decodeCheckpoint(head.body, key);
  return { id, version: head.version, putsSincePrune, unfiled: head.body };
}

async function fileHead(
  context: SaverContext,
  line: string,
  { id, unfiled }: Pick<ReplacedHead, "id" | "unfiled">,
): Promise<void> {
  if (id === undefined || unfiled === undefined) return;
  const key = context.layout.document(line, decodeCheckpoint(unfiled, context.layout.head(line)));
  await context.store.put(key, unfiled, expiry(context, "other"));
}

/**
 * The version of a head whose write has failed, if it is there all the same: the same checkpoint put again.
 *
 * @throws {CheckpointError} `conflict` if it is another, or the error itself
 */
async function ownHead(
  { store, layout }: SaverContext,
  line: string,
  { threadId, id, replaces }: CheckpointDocument,
  error: unknown,
): Promise<string> {
  if (!CheckpointError.is(error, "conflict")) throw error;
  const key = layout.head(line);
  const head = await store.get(key);
  if (head === null) throw conflict(threadId, "it was deleted while a run went on", goOn, error);
  const { id: newest } = decodeCheckpoint(head.body, key);
  if (newest === id) return head.version;
  const from = replaces === undefined ? "it was new" : `checkpoint ${replaces} was its newest`;
  throw conflict(threadId, `another run has gone on since ${from}, to ${newest}`, goOn, error);
}

/** How far back the oldest snapshot is that a delta channel is rebuilt from. */
function ancestorsNeeded({ counters_since_delta_snapshot: counters = {} }: CheckpointMetadata): number {
  return Math.max(0, ...Object.values(counters).map(([, supersteps]) => supersteps));
}
