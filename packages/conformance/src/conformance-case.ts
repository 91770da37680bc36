import type { Capabilities, CheckpointStore, StoreOptions } from "@holdpoint/core";

import type { ConformanceGroup } from "./conformance-groups.ts";
import { conformanceGroups } from "./conformance-groups.ts";
import type { ConformanceHarness } from "./conformance-harness.ts";
import type { ConformanceSettings } from "./conformance-options.ts";
import type { Participants } from "./participants/participants.ts";

/** A capability that a store may lack. */
export type OptionalCapability = Exclude<keyof Capabilities, "maxBodyBytes" | "showsUnacknowledged">;

/** How a case ended that did not fail. `refused as declared`: the store lacks the capability, says so, and refuses. */
export type CaseOutcome = "passed" | "refused as declared";

type GroupSlug<Group extends string> = Group extends `${infer Left} ${infer Right}` ? `${Left}-${Right}` : Group;

/**
 * A part of the harness: one of its members, or something that its `faults` must know of what is spoken:
 *
 * - `passing errors`: at least one of the server's own errors
 * - `reads and writes`: which request reads and which writes
 */
export type HarnessPart = "worker" | "corrupt" | "faults" | "passing errors" | "reads and writes";

/** One thing that a store must get right. */
export interface ConformanceCase {
  /** Stable: the group, a slash, and a name within the group. */
  readonly id: `${GroupSlug<ConformanceGroup>}/${string}`;
  /** One sentence: what goes wrong for the users of a store that fails this case. */
  readonly breaks: string;
  /** Where the store has not declared this capability, the refusal is checked instead of `run`. */
  readonly needs?: OptionalCapability | undefined;
  /** The part of the harness without which the case is left out. */
  readonly needsHarness?: HarnessPart | undefined;
  /**
   * Tries the store. Resolves to nothing for `passed`.
   *
   * @throws {Error} if the store gets it wrong
   */
  run(context: CaseContext): Promise<CaseOutcome | void>;
}

/** What a case works with: a namespace of its own, and clients that are closed when it ends. */
export interface CaseContext {
  readonly harness: ConformanceHarness;
  readonly settings: ConformanceSettings;
  readonly namespace: string;
  /** A client on {@link namespace}. */
  readonly store: CheckpointStore;
  /** Another client, on the case's own namespace if no other is given. */
  readonly open: (namespace?: string, options?: StoreOptions) => Promise<CheckpointStore>;
  /** Notes what of a store that the case has opened elsewhere is waited for, as of those that {@link open} opens. */
  readonly watch: (store: CheckpointStore) => CheckpointStore;
  /** The name of an unused namespace. */
  readonly newNamespace: () => string;
  /** Several processes, or clients in this process, that use {@link namespace}. */
  readonly participants: () => Promise<Participants>;
  /** A namespace with many keys, filled by whoever asks first. Leave the keys as they were. */
  readonly longListing: () => Promise<LongListing>;
}

/** A namespace that more than one case reads. */
export interface LongListing {
  readonly namespace: string;
  readonly keys: readonly string[];
}

/** The group that a case belongs to. */
export function groupOf(conformanceCase: ConformanceCase): ConformanceGroup {
  const slug = conformanceCase.id.split("/", 1)[0]?.replaceAll("-", " ");
  const group = conformanceGroups.find((name) => name === slug);
  if (group === undefined) throw new Error(`the case ${conformanceCase.id} belongs to no group`);
  return group;
}
