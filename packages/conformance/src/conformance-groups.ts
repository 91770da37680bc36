/** The groups of the suite, in the order in which they run. */
export const conformanceGroups = [
  "round trips",
  "bytes",
  "keys",
  "conditions",
  "races",
  "listing",
  "ttl",
  "sizes",
  "cancellation",
  "lifecycle",
  "errors",
  "capabilities",
  "faults",
] as const;

/** The name of a group of cases. */
export type ConformanceGroup = (typeof conformanceGroups)[number];

/** The groups whose cases mostly wait, and so may run at the same time. */
export const waitingGroups: ReadonlySet<ConformanceGroup> = new Set(["ttl", "faults"]);
