import { CheckpointError } from "@holdpoint/core";
import type { Checkpoint, CheckpointPendingWrite, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { TASKS, compareWritesSortKeys, maxChannelVersion, writesSortKey } from "@langchain/langgraph-checkpoint";
import pMap from "p-map";

import { decodeCheckpoint, isLarge } from "./checkpoint-document.ts";
import type { CheckpointDocument, LargeValue, TypedBytes } from "./checkpoint-document.ts";
import { decodeFrame } from "./frame.ts";
import type { RunView, SeenChannel, SeenWrites } from "./run-view.ts";
import { concurrency, keysBelow } from "./saver-context.ts";
import type { SaverContext } from "./saver-context.ts";
import type { ThreadAddress } from "./thread-address.ts";
import { configOf } from "./thread-address.ts";
import { decodeWrites } from "./writes-document.ts";
import type { WritesDocument } from "./writes-document.ts";

interface ReadWrites extends WritesDocument {
  readonly key: string;
  readonly version: string;
}

/** A checkpoint as LangGraph has it, and the documents of its writes. */
interface ReadCheckpoint {
  readonly tuple: CheckpointTuple;
  readonly writes: readonly ReadWrites[];
}

/** The newest checkpoint: one read, one listing, and a read for each document of writes and each large value. */
export async function readLatest(
  context: SaverContext,
  view: RunView,
  { threadId, namespace }: ThreadAddress,
): Promise<CheckpointTuple | undefined> {
  const line = context.layout.line(threadId, namespace);
  const key = context.layout.head(line);
  const head = await context.store.get(key);
  if (head === null) {
    view.set(line, "", { headVersion: null, putsSincePrune: 0 });
    return undefined;
  }
  const document = decodeCheckpoint(head.body, key);
  const keys = await keysBelow(context, context.layout.checkpoint(line, document.id));
  const isFiled = keys.some((below) => context.layout.parse(below)?.kind === "document");
  const read = await readTuple(context, document, keys);
  if (read === undefined) {
    // It may have been replaced and removed since.
    const now = await context.store.get(key);
    if (now?.version === head.version) throw incomplete(document);
    return await readLatest(context, view, { threadId, namespace, id: undefined });
  }
  const { tuple, writes } = read;
  view.set(line, document.id, {
    headVersion: head.version,
    putsSincePrune: document.putsSincePrune,
    unfiled: isFiled ? undefined : head.body,
    channels: channelsOf(document, tuple.checkpoint),
    writes: seenWrites(writes),
  });
  return tuple;
}

/** A checkpoint by its id. */
export async function readNamed(
  context: SaverContext,
  view: RunView,
  address: ThreadAddress & { readonly id: string },
): Promise<CheckpointTuple | undefined> {
  const line = context.layout.line(address.threadId, address.namespace);
  const keys = await keysBelow(context, context.layout.checkpoint(line, address.id));
  const read = await readListed(context, line, address.id, keys);
  if (read === undefined) return undefined;
  const { document, tuple, writes } = read;
  // Whoever names a checkpoint may go on from it wherever the head is now; a run that has seen it as the head may not.
  const before = context.views.isOfOneRun(view) ? view.find(line, address.id) : undefined;
  view.set(line, address.id, {
    headVersion: before?.headVersion,
    unfiled: before?.unfiled,
    putsSincePrune: document.putsSincePrune,
    channels: channelsOf(document, tuple.checkpoint),
    writes: seenWrites(writes),
  });
  return tuple;
}

/** The document of a checkpoint, of which all keys are known; `undefined` if there is none. */
export async function readDocument(
  { store, layout }: SaverContext,
  line: string,
  id: string,
  keys: readonly string[],
): Promise<CheckpointDocument | undefined> {
  const key = keys.find((below) => layout.parse(below)?.kind === "document");
  const stored = key === undefined ? null : await store.get(key);
  if (key !== undefined && stored !== null) return decodeCheckpoint(stored.body, key);
  // Its writer may have been stopped when it was the head, and not yet in the history.
  const headKey = layout.head(line);
  const head = await store.get(headKey);
  const document = head === null ? undefined : decodeCheckpoint(head.body, headKey);
  return document?.id === id ? document : undefined;
}

/** A checkpoint of which all keys are known; `undefined` if it is not there, or has been removed since. */
export async function readListed(
  context: SaverContext,
  line: string,
  id: string,
  keys: readonly string[],
): Promise<(ReadCheckpoint & { readonly document: CheckpointDocument }) | undefined> {
  const document = await readDocument(context, line, id, keys);
  if (document === undefined) return undefined;
  const read = await readTuple(context, document, keys);
  if (read !== undefined) return { ...read, document };
  if ((await readDocument(context, line, id, keys)) !== undefined) throw incomplete(document);
  return undefined;
}

/** Makes a tuple of a document, of which all keys are known; `undefined` if a value is gone. */
async function readTuple(
  context: SaverContext,
  document: CheckpointDocument,
  keys: readonly string[],
): Promise<ReadCheckpoint | undefined> {
  const { threadId, namespace, id, parentId } = document;
  const [frame, metadata, values, writes] = await Promise.all([
    load<Checkpoint>(context, document.checkpoint),
    load<CheckpointTuple["metadata"]>(context, document.metadata),
    pMap(
      document.values,
      async ([name, value]) => ({ name, value: await storedValue(context, document, name, value) }),
      {
        concurrency,
      },
    ),
    readWrites(context, keys),
  ]);
  const present = values.flatMap(({ name, value }) => (value === undefined ? [] : [{ name, value }]));
  if (present.length < values.length) return undefined;
  const loaded = present.map(async ({ name, value }) => [name, await load(context, value)] as const);
  const checkpoint: Checkpoint = { ...frame, channel_values: Object.fromEntries(await Promise.all(loaded)) };
  if (checkpoint.v < 4 && parentId !== undefined) await addPendingSends(context, document, checkpoint);
  const tuple: CheckpointTuple = {
    config: configOf(threadId, namespace, id),
    checkpoint,
    pendingWrites: await pendingWrites(context, writes),
    ...(metadata === undefined ? {} : { metadata }),
    ...(parentId === undefined ? {} : { parentConfig: configOf(threadId, namespace, parentId) }),
  };
  return { tuple, writes };
}

/** The version of each channel that has a value. */
export function channelsOf(
  { values }: Pick<CheckpointDocument, "values">,
  { channel_versions }: Pick<Checkpoint, "channel_versions">,
): ReadonlyMap<string, SeenChannel> {
  return new Map(
    Array.from(values, ([name, value]) => [
      name,
      { version: channel_versions[name], large: isLarge(value) ? value : undefined },
    ]),
  );
}

async function load<Value>({ serde }: SaverContext, [type, bytes]: TypedBytes): Promise<Value> {
  return (await serde.loadsTyped(type, bytes)) as Value;
}

async function storedValue(
  { store, layout }: SaverContext,
  { threadId, namespace }: CheckpointDocument,
  channel: string,
  value: TypedBytes | LargeValue,
): Promise<TypedBytes | undefined> {
  if (!isLarge(value)) return value;
  const key = layout.value(layout.line(threadId, namespace), value.from, channel);
  const stored = await store.get(key);
  if (stored === null) return undefined;
  const { header, parts } = decodeFrame(stored.body, key);
  return [String(header["type"]), parts[0] ?? new Uint8Array()];
}

function incomplete({ threadId, id }: CheckpointDocument): CheckpointError {
  return new CheckpointError(
    "corrupt",
    `langgraph: thread ${JSON.stringify(threadId)}: a value of checkpoint ${id} is gone, which no saver removes before the checkpoint.`,
  );
}

async function readWrites(context: SaverContext, keys: readonly string[]): Promise<readonly ReadWrites[]> {
  const { store, layout } = context;
  const ofWrites = keys.filter((key) => layout.parse(key)?.kind === "writes");
  const documents = await pMap(
    ofWrites,
    async (key) => {
      const stored = await store.get(key);
      return stored === null ? undefined : { ...decodeWrites(stored.body, key), key, version: stored.version };
    },
    { concurrency },
  );
  return documents.filter((document) => document !== undefined);
}

async function pendingWrites(
  context: SaverContext,
  documents: readonly WritesDocument[],
): Promise<CheckpointPendingWrite[]> {
  const ordered = documents
    .flatMap(({ taskId, taskPath, writes }) =>
      writes.map((write) => ({ ...write, taskId, sortKey: writesSortKey(taskPath, taskId, write.index) })),
    )
    .toSorted((one, other) => compareWritesSortKeys(one.sortKey, other.sortKey));
  return await Promise.all(
    ordered.map(async ({ taskId, channel, value }): Promise<CheckpointPendingWrite> => {
      return [taskId, channel, await load(context, value)];
    }),
  );
}

/** Before version 4 a checkpoint took what its parent's tasks had sent from their writes. */
async function addPendingSends(
  context: SaverContext,
  { threadId, namespace, parentId = "" }: CheckpointDocument,
  checkpoint: Checkpoint,
): Promise<void> {
  const line = context.layout.line(threadId, namespace);
  const keys = await keysBelow(context, context.layout.checkpoint(line, parentId));
  const writes = await pendingWrites(context, await readWrites(context, keys));
  checkpoint.channel_values[TASKS] = writes.flatMap(([, channel, value]) => (channel === TASKS ? [value] : []));
  const versions = Object.values(checkpoint.channel_versions);
  checkpoint.channel_versions[TASKS] = versions.length > 0 ? maxChannelVersion(...versions) : 1;
}

function seenWrites(documents: readonly ReadWrites[]): Map<string, SeenWrites> {
  return new Map(
    documents.map(({ key, version, nonce, answers, writes }) => [
      key,
      { version, nonce, answers, channels: new Set(writes.map(({ channel }) => channel)) },
    ]),
  );
}
