import type { ChannelVersions, Checkpoint } from "@langchain/langgraph-checkpoint";

import type { LargeValue, TypedBytes } from "./checkpoint-document.ts";
import { channelsOf, readDocument } from "./read-checkpoint.ts";
import type { RunView, SeenChannel } from "./run-view.ts";
import { keysBelow } from "./saver-context.ts";
import type { SaverContext } from "./saver-context.ts";

/** What decides which values are stored, and where. */
interface GivenValues {
  readonly checkpoint: Checkpoint;
  /** The channels that have changed since the parent. */
  readonly newVersions: ChannelVersions;
  readonly parentId: string | undefined;
  /** Whether large values that the parent has may stay where they are. */
  readonly mayRefer: boolean;
}

interface ValuesToStore {
  readonly values: ReadonlyMap<string, TypedBytes | LargeValue>;
  /** Those that are written for themselves. */
  readonly large: readonly { readonly channel: string; readonly value: TypedBytes }[];
}

/**
 * The values of a checkpoint as they are to be stored: what has changed, and what its parent has as it is. A value that
 * neither has changed nor is known is none of this thread's.
 */
export async function valuesToStore(
  context: SaverContext,
  view: RunView,
  line: string,
  { checkpoint, newVersions, parentId, mayRefer }: GivenValues,
): Promise<ValuesToStore> {
  const { channel_values: given, channel_versions: versions, id } = checkpoint;
  const channels = Object.keys(given);
  const isUnchanged = (channel: string): boolean => !Object.hasOwn(newVersions, channel);
  const parent = channels.some(isUnchanged) ? await channelsOfParent(context, view, line, parentId) : undefined;
  const values = new Map<string, TypedBytes | LargeValue>();
  const large: { channel: string; value: TypedBytes }[] = [];
  const stored = await Promise.all(
    channels.map(async (channel) => {
      if (parent !== undefined && isUnchanged(channel)) {
        const ofParent = sameVersion(parent, channel, versions[channel]);
        if (mayRefer && ofParent?.large !== undefined && outlives(context, ofParent.large)) return ofParent.large;
        if (ofParent === undefined && !isKnown(view, line, channel, versions[channel])) return undefined;
      }
      return await context.serde.dumpsTyped(given[channel]);
    }),
  );
  for (const [position, channel] of channels.entries()) {
    const value = stored[position];
    if (value === undefined) continue;
    if ("from" in value || value[1].byteLength <= context.largeValueBytes) {
      values.set(channel, value);
    } else {
      large.push({ channel, value });
      values.set(channel, { from: id, at: Date.now() });
    }
  }
  return { values, large };
}

/** The channels that have a value in the parent; `undefined` if it is gone, so that nobody can tell. */
async function channelsOfParent(
  context: SaverContext,
  view: RunView,
  line: string,
  parentId: string | undefined,
): Promise<ReadonlyMap<string, SeenChannel> | undefined> {
  if (parentId === undefined) return new Map();
  const { channels } = view.find(line, parentId) ?? {};
  if (channels !== undefined) return channels;
  const keys = await keysBelow(context, context.layout.checkpoint(line, parentId));
  const document = await readDocument(context, line, parentId, keys);
  if (document === undefined) return undefined;
  const [type, bytes] = document.checkpoint;
  return channelsOf(document, (await context.serde.loadsTyped(type, bytes)) as Checkpoint);
}

function sameVersion(
  channels: ReadonlyMap<string, SeenChannel>,
  channel: string,
  version: SeenChannel["version"],
): SeenChannel | undefined {
  const seen = channels.get(channel);
  return seen?.version === version ? seen : undefined;
}

/** Whether another checkpoint of the line has the value: a copy has what its original has, which is no ancestor of it. */
function isKnown(view: RunView, line: string, channel: string, version: SeenChannel["version"]): boolean {
  return [...view.ofLine(line)].some(
    ({ channels }) => channels !== undefined && sameVersion(channels, channel, version) !== undefined,
  );
}

/** Whether a value, which lives twice as long, will be there as long as a checkpoint that is written now. */
function outlives({ ttlMs }: SaverContext, { at }: LargeValue): boolean {
  return ttlMs === undefined || Date.now() - at < ttlMs;
}
