import { badBytes } from "./bad-bytes.ts";
import { badCancellation } from "./bad-cancellation.ts";
import { badCapabilities } from "./bad-capabilities.ts";
import { badConditions } from "./bad-conditions.ts";
import { badErrors } from "./bad-errors.ts";
import { badKeys } from "./bad-keys.ts";
import { badLifecycle } from "./bad-lifecycle.ts";
import { badListing } from "./bad-listing.ts";
import { badRaces } from "./bad-races.ts";
import { badRoundTrips } from "./bad-round-trips.ts";
import { badSizes } from "./bad-sizes.ts";
import { badTtl } from "./bad-ttl.ts";
import type { KnownBadStore } from "./known-bad-store.ts";

/** Every known-bad store; the suite must find each out. */
export const knownBadStores: readonly KnownBadStore[] = [
  ...badRoundTrips,
  ...badBytes,
  ...badKeys,
  ...badConditions,
  ...badRaces,
  ...badListing,
  ...badTtl,
  ...badSizes,
  ...badCancellation,
  ...badLifecycle,
  ...badErrors,
  ...badCapabilities,
];
