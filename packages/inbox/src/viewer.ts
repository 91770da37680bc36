import type { Person } from "@holdpoint/core/holds";
import { canonicalJson } from "@holdpoint/core/json";

/** Who looks at a page, as whoever logged them in says. */
export interface Viewer {
  /** Who they are to the store: this goes into every record. */
  readonly person: Person;
}

/** What a form's token is made for: one person doing one thing to what they were shown. */
export function formPurpose({ person }: Viewer, ...what: readonly string[]): string {
  return canonicalJson([person, ...what]);
}
