import type { CheckpointStore } from "@holdpoint/core";
import { openStore } from "@holdpoint/core";
import { waitingPrefixes } from "@holdpoint/core/driver";

import type { CommandContext } from "../frame/command-context.ts";

/**
 * Where tasks are kept beside a store that has none: in the same bucket or database under the state proxy's rules for
 * prefixes, or under no prefix at all. A URL that opens that place; `undefined` if there is none, or it cannot be told.
 */
export async function lookBeside(
  { environment, signal }: CommandContext,
  url: string | undefined,
): Promise<string | undefined> {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { STATE_PREFIX: _prefix, ...withoutPrefix } = environment;
  for (const variables of [environment, withoutPrefix]) {
    const beside = new URL(url);
    beside.searchParams.set("prefixRules", "state-proxy");
    try {
      await using store = await openStore(beside.href, { environment: variables, access: "read" });
      if (await hasTasks(store, signal)) return store.location;
    } catch {
      // Looking is a courtesy, and most stores have no such rules: whatever keeps us from it is not what was asked for.
    }
  }
  return undefined;
}

async function hasTasks(store: CheckpointStore, signal: AbortSignal): Promise<boolean> {
  for (const prefix of waitingPrefixes) {
    for await (const { key } of store.list({ prefix, signal })) return key !== "";
  }
  return false;
}
