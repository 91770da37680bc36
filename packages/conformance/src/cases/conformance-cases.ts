import type { ConformanceCase } from "../conformance-case.ts";
import { bytesCases } from "./bytes-cases.ts";
import { cancellationCases } from "./cancellation-cases.ts";
import { capabilitiesCases } from "./capabilities-cases.ts";
import { conditionsCases } from "./conditions-cases.ts";
import { errorsCases } from "./errors-cases.ts";
import { faultsCases } from "./faults-cases.ts";
import { keysCases } from "./keys-cases.ts";
import { lifecycleCases } from "./lifecycle-cases.ts";
import { listingCases } from "./listing-cases.ts";
import { racesCases } from "./races-cases.ts";
import { roundTripsCases } from "./round-trips-cases.ts";
import { sizesCases } from "./sizes-cases.ts";
import { ttlCases } from "./ttl-cases.ts";

/** Every case of the suite, in the order in which they run. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...roundTripsCases,
  ...bytesCases,
  ...keysCases,
  ...conditionsCases,
  ...racesCases,
  ...listingCases,
  ...ttlCases,
  ...sizesCases,
  ...cancellationCases,
  ...lifecycleCases,
  ...errorsCases,
  ...capabilitiesCases,
  ...faultsCases,
];
