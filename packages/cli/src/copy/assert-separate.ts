import type { CheckpointStore } from "@holdpoint/core";
import { findBackend } from "@holdpoint/core/driver";
import type { StorePlace } from "@holdpoint/core/driver";

import { CommandError } from "../frame/command-error.ts";
import { exitCodes } from "../frame/exit-code.ts";

/**
 * Refuses two stores of which one is the other, or lies inside it: a copy would find its own copies.
 *
 * @throws {CommandError}
 */
export async function assertSeparate(from: CheckpointStore, to: CheckpointStore): Promise<void> {
  const [source, target] = await Promise.all([placeOf(from), placeOf(to)]);
  if (source.server !== target.server) return;
  const stores = `${from.location} and ${to.location}`;
  if (source.path === target.path) {
    throw new CommandError(exitCodes.usage, `Cannot copy: ${stores} are the same store.`);
  }
  const isInside = source.path.startsWith(target.path) || target.path.startsWith(source.path);
  if (!isInside) return;
  throw new CommandError(
    exitCodes.usage,
    `Cannot copy: of ${stores} one lies inside the other, so that a copy would find its own copies. Give each a prefix of its own, neither the beginning of the other.`,
  );
}

async function placeOf({ backend: name, location }: CheckpointStore): Promise<StorePlace> {
  const backend = await findBackend("name", name);
  return backend.placeOf?.(new URL(location)) ?? { server: location, path: "" };
}
