import type { Person } from "@holdpoint/core/holds";

/** Who has handed an answer to a gateway, and when. */
export interface SentAnswer {
  readonly by: Person;
  readonly at: Date;
}
