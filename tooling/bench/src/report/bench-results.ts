import type { GrowthRow } from "../growth/measure-growth.ts";
import type { LsResult } from "../ls/measure-ls.ts";
import type { BackendResult } from "../measure-backend.ts";
import type { MemoryRow } from "../memory/measure-memory.ts";
import type { SettingResult } from "../measure-operations.ts";
import type { OwnRow } from "../own/measure-own.ts";
import type { StartRow } from "../start/measure-start.ts";

/** Everything that one run of the command has measured. */
export interface BenchResults {
  readonly machine: {
    readonly cores: number;
    readonly memoryBytes: number;
    readonly node: string;
    readonly platform: string;
    /** The load when the run began: much more than nothing means that other programs were working too. */
    readonly load: number;
  };
  readonly command: string;
  readonly minutes: number;
  /** Absent from the files of runs that did not measure our own work. */
  readonly own?: readonly OwnRow[] | undefined;
  readonly backends: readonly BackendResult[];
  /** Absent from the files of runs that knew no state proxy. */
  readonly stateProxy?: readonly SettingResult[] | undefined;
  /** Absent from the files of runs that measured no listing of tasks. */
  readonly ls?: readonly LsResult[] | undefined;
  /** Absent from the files of runs that did not measure it. */
  readonly memory?: readonly MemoryRow[] | undefined;
  readonly growth: readonly GrowthRow[];
  readonly start: readonly StartRow[];
}
