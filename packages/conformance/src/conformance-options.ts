import type { ConformanceGroup } from "./conformance-groups.ts";

/** How much the suite does. The defaults suit a server on the same machine. */
export interface ConformanceOptions {
  /**
   * The groups to run.
   *
   * @default all
   */
  readonly groups?: readonly ConformanceGroup[] | undefined;
  /**
   * The largest body that is written, in bytes, where the store's declared maximum is higher.
   *
   * @default 67108864
   */
  readonly bodyCapBytes?: number | undefined;
  /**
   * How many keys the long listings have. Fewer than 1001 miss what goes wrong at the usual page size.
   *
   * @default 1203
   */
  readonly listedKeys?: number | undefined;
  /**
   * How many processes race.
   *
   * @default 8
   */
  readonly processes?: number | undefined;
  /**
   * How often each race is run.
   *
   * @default 12
   */
  readonly raceRounds?: number | undefined;
  /**
   * How many requests the suite itself has in flight at most while it fills a store.
   *
   * @default 16
   */
  readonly concurrency?: number | undefined;
  /**
   * The time to live that the cases about expiry use, in milliseconds.
   *
   * @default 1000
   */
  readonly ttlMs?: number | undefined;
  /**
   * How much later than asked a value may expire, in milliseconds.
   *
   * @default 10000
   */
  readonly expiryGraceMs?: number | undefined;
  /**
   * Where the random numbers of the recorded histories begin. A history that fails prints its seed; the operations and
   * the faults are then the same again, though not their timing.
   *
   * @default another one each time
   */
  readonly seed?: number | undefined;
  /**
   * Deadline of one case, in milliseconds.
   *
   * @default 60000
   */
  readonly caseTimeoutMs?: number | undefined;
}

export interface ConformanceSettings extends Required<{
  readonly [Name in keyof ConformanceOptions]: Exclude<ConformanceOptions[Name], undefined>;
}> {}

export const defaultSettings: Omit<ConformanceSettings, "groups" | "seed"> = {
  bodyCapBytes: 64 * 1024 * 1024,
  listedKeys: 1203,
  processes: 8,
  raceRounds: 12,
  concurrency: 16,
  ttlMs: 1000,
  expiryGraceMs: 10_000,
  caseTimeoutMs: 60_000,
};
