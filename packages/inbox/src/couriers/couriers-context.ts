import type { CheckpointStore } from "@holdpoint/core";
import type { Holds } from "@holdpoint/core/holds";

import type { Access } from "../rules/access.ts";

/** What delivering works with; the first six are those of the inbox. */
export interface CouriersContext {
  readonly store: CheckpointStore;
  readonly holds: Holds;
  readonly access: Access;
  readonly now: () => Date;
  readonly report: (error: Error) => void;
  readonly ending: AbortSignal;
  readonly giveUpAfterMs: number;
  readonly timeoutMs: number;
}
