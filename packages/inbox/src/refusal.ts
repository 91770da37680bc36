import type { Person } from "@holdpoint/core/holds";

/** Somebody who was not let. */
export interface Refusal {
  /** Who it was, as far as that is known. */
  readonly by: Person | undefined;
  /**
   * - `name`: the inbox was asked by a name that is not on its list
   * - `origin`: the form was another site's
   * - `login`: a token, an identity provider or a proxy did not vouch for them
   * - `link`: a signed link was forged, over, or has lost its right
   * - `form`: a form's token was another's, was used, or was over
   * - `see`, `answer`: the rules, or the question, do not let them
   */
  readonly why: "name" | "origin" | "login" | "link" | "form" | "see" | "answer";
  readonly method: string;
  /** The path without its query, which may hold a token. */
  readonly path: string;
  /** The hold or task that it was about, where there is one. */
  readonly id?: string | undefined;
}
