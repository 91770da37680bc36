import type { BackendUnderTest } from "./stores/bench-server.ts";
import type { Effort } from "./compare.ts";
import { limitName } from "./contestant.ts";
import { measureLedger, measureSocket } from "./measure-ledger.ts";
import type { Setting, SettingResult } from "./measure-operations.ts";
import { measureListing, measureOperations } from "./measure-operations.ts";

/** Everything that was measured of one backend. */
export interface BackendResult {
  readonly backend: string;
  readonly server: string;
  readonly contestants: readonly { readonly name: string; readonly lacks: string }[];
  readonly settings: readonly SettingResult[];
}

const kib = 1_024;
const mib = 1_024 * kib;

// More would measure how memory is found and given back.
const mostBytesInFlight = 16 * mib;

const fullSettings: readonly Setting[] = [1, 16, 256]
  .flatMap((inFlight) => [kib, 64 * kib, mib, 16 * mib].map((bodyBytes) => ({ bodyBytes, inFlight })))
  .filter(({ bodyBytes, inFlight }) => bodyBytes * inFlight <= mostBytesInFlight);

const quickSettings: readonly Setting[] = [
  { bodyBytes: kib, inFlight: 1 },
  { bodyBytes: kib, inFlight: 16 },
  { bodyBytes: 64 * kib, inFlight: 16 },
  { bodyBytes: mib, inFlight: 1 },
];

const ledgerSettings: readonly Setting[] = [1, 16].flatMap((inFlight) =>
  [kib, 64 * kib].map((bodyBytes) => ({ bodyBytes, inFlight })),
);

// Over a socket it would be the time of HTTP that is measured.
const largestLedgerSetting: Setting = { bodyBytes: 16 * mib, inFlight: 1 };

const warmUpSetting: Setting = { bodyBytes: kib, inFlight: 16 };
const warmUpEffort: Effort = { batchMs: 200, rounds: 8, longestMs: 8_000, leastRounds: 1 };
const fullEffort: Effort = { batchMs: 60, rounds: 11, longestMs: 6_000, leastRounds: 5 };
const quickEffort: Effort = { batchMs: 40, rounds: 9, longestMs: 5_000, leastRounds: 3 };

/** Measures one backend in every setting; `onResult` sees each as it comes. */
export async function measureBackend(
  backend: BackendUnderTest,
  quick: boolean,
  onResult: (result: SettingResult) => void,
): Promise<BackendResult> {
  const effort = quick ? quickEffort : fullEffort;
  const limit = backend.contestants.find(({ name }) => name === limitName);
  if (limit === undefined) throw new Error(`${backend.name} has no contestant called ${limitName}`);
  const settings: SettingResult[] = [];
  const keep = (result: SettingResult): void => {
    settings.push(result);
    onResult(result);
  };
  // First, because some stores go through every key that they have, whatever its beginning.
  keep(await measureListing(backend.contestants, effort));
  // Code that is run often is compiled anew: what is measured is a program that has been at work for a while.
  await measureOperations(backend.contestants, warmUpSetting, warmUpEffort);
  await measureLedger(limit, backend.store, warmUpSetting, warmUpEffort);
  for (const setting of quick ? quickSettings : fullSettings) {
    keep(await measureOperations(backend.contestants, setting, effort));
  }
  for (const setting of ledgerSettings) {
    if (quick && setting.bodyBytes > kib) continue;
    keep(await measureLedger(limit, backend.store, setting, effort));
    keep(await measureSocket({ limit, store: backend.store }, setting, effort));
  }
  if (!quick) keep(await measureLedger(limit, backend.store, largestLedgerSetting, effort));
  return {
    backend: backend.name,
    server: backend.server,
    contestants: backend.contestants.map(({ name, lacks }) => ({ name, lacks })),
    settings,
  };
}
