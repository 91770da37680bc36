export { HoldpointSaver } from "./holdpoint-saver.ts";
export type { HoldpointSaverOptions } from "./holdpoint-saver.ts";
export type { PruneCheckpointsOptions, PruneCheckpointsResult } from "./prune-threads.ts";
