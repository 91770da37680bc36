import type { Person } from "@holdpoint/core/holds";
import { canonicalJson } from "@holdpoint/core/json";

/** Who looks at a page, as whoever logged them in says. */
export interface Viewer {
  /** Who they are to the store: this goes into every record. */
  readonly person: Person;
  /** What they are called on a page. @default what the store calls them */
  readonly name?: string | undefined;
  /** What the rules may name. */
  readonly groups: readonly string[];
  /** The one hold that a signed link has let them in to, and what they may do with it. */
  readonly link?:
    | {
        readonly id: string;
        readonly right: "look" | "answer";
        readonly token: string;
        /** When the hold was asked that it is for, as a number; `undefined` for any under the id. */
        readonly opened?: number | undefined;
      }
    | undefined;
}

/** What a form's token is made for: one person doing one thing to what they were shown. */
export function formPurpose({ person }: Viewer, ...what: readonly string[]): string {
  return canonicalJson([person, ...what]);
}
