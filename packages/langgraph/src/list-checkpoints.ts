import { isDeepStrictEqual } from "node:util";

import type { RunnableConfig } from "@langchain/core/runnables";
import type { CheckpointListOptions, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { getCheckpointId } from "@langchain/langgraph-checkpoint";
import { pMapIterable } from "p-map";

import { decodeCheckpoint } from "./checkpoint-document.ts";
import { readListed } from "./read-checkpoint.ts";
import { concurrency } from "./saver-context.ts";
import type { SaverContext } from "./saver-context.ts";
import type { SaverKey } from "./saver-layout.ts";
import { findAddress } from "./thread-address.ts";

/** One namespace of one thread: its checkpoints with their keys. */
export interface ListedLine {
  readonly line: string;
  readonly hasHead: boolean;
  readonly checkpoints: ReadonlyMap<string, ListedCheckpoint>;
}

/** A checkpoint as its keys tell. */
export interface ListedCheckpoint {
  readonly keys: string[];
  /** Where it stands in the history. @default it is not in the history: not yet, or no more */
  document?: Pick<SaverKey & { readonly kind: "document" }, "replaces" | "isFork"> | undefined;
}

/** All lines below a prefix, from one listing. */
export async function listLines({ store, layout }: SaverContext, prefix: string): Promise<readonly ListedLine[]> {
  const lines = new Map<string, { line: string; hasHead: boolean; checkpoints: Map<string, ListedCheckpoint> }>();
  for await (const { key } of store.list({ prefix })) {
    const parsed = layout.parse(key);
    if (parsed === undefined) continue;
    let found = lines.get(parsed.line);
    if (found === undefined)
      lines.set(parsed.line, (found = { line: parsed.line, hasHead: false, checkpoints: new Map() }));
    if (parsed.kind === "head") {
      found.hasHead = true;
      continue;
    }
    let checkpoint = found.checkpoints.get(parsed.id);
    if (checkpoint === undefined) found.checkpoints.set(parsed.id, (checkpoint = { keys: [] }));
    checkpoint.keys.push(key);
    if (parsed.kind === "document") checkpoint.document = parsed;
  }
  return [...lines.values()];
}

/**
 * The ids of a line's checkpoints, the newest first: the head, the one that it took the place of, and so on. What is
 * not among them is what a run wrote that came second, or that was stopped before its checkpoint was the head.
 */
export async function historyOf(
  { store, layout, fence }: SaverContext,
  { line, hasHead, checkpoints }: ListedLine,
): Promise<readonly string[]> {
  // Without a fence every run's checkpoints count, and none has one place.
  if (!fence) {
    const ids = [...checkpoints].flatMap(([id, { document }]) => (document === undefined ? [] : [id]));
    return ids.toSorted().toReversed();
  }
  const key = layout.head(line);
  const head = hasHead ? await store.get(key) : null;
  if (head === null) return [];
  const { id, replaces } = decodeCheckpoint(head.body, key);
  const history = [id];
  for (let next = replaces; next !== undefined;) {
    const document = checkpoints.get(next)?.document;
    if (document === undefined) break;
    history.push(next);
    next = document.replaces;
  }
  return history;
}

/** {@link HoldpointSaver.list} */
export async function* listCheckpoints(
  context: SaverContext,
  config: RunnableConfig,
  { limit = Infinity, before, filter = {} }: CheckpointListOptions,
): AsyncGenerator<CheckpointTuple> {
  const { layout } = context;
  const address = findAddress(config, "list");
  const namespace: unknown = config.configurable?.["checkpoint_ns"];
  const beforeId = before === undefined ? "" : getCheckpointId(before);
  const conditions = Object.entries(filter);
  const prefix =
    address === undefined
      ? layout.prefix
      : namespace === undefined
        ? layout.thread(address.threadId)
        : layout.line(address.threadId, address.namespace);
  let remaining = limit;
  for (const listed of await listLines(context, prefix)) {
    if (remaining <= 0) return;
    if (typeof namespace === "string" && !layout.isNamespace(listed.line, namespace)) continue;
    const history = await historyOf(context, listed);
    const chosen = history.filter((id) => (beforeId === "" || id < beforeId) && (address?.id ?? id) === id);
    // Only a filter has to read what it does not give out.
    const candidates = conditions.length === 0 && remaining !== Infinity ? chosen.slice(0, remaining) : chosen;
    const tuples = pMapIterable(
      candidates,
      async (id) => {
        const { keys = [] } = listed.checkpoints.get(id) ?? {};
        return (await readListed(context, listed.line, id, keys))?.tuple;
      },
      { concurrency },
    );
    for await (const tuple of tuples) {
      const metadata = (tuple?.metadata ?? {}) as Record<string, unknown>;
      if (tuple === undefined || !conditions.every(([name, value]) => isDeepStrictEqual(metadata[name], value)))
        continue;
      yield tuple;
      remaining -= 1;
      if (remaining <= 0) return;
    }
  }
}
