import type { Person } from "@holdpoint/core/holds";

import type { Html } from "./html.ts";
import { html } from "./html.ts";
import { visibleText } from "./visible-text.ts";

/** A person by name; who vouches for the name is said to those who look closer. */
export function personTag(person: Person | undefined): Html {
  if (person === undefined) return html`somebody unknown`;
  if (typeof person === "string") return html`<bdi>${visibleText(person)}</bdi>`;
  return html`<bdi title="${visibleText(person.issuer)}">${visibleText(person.subject)}</bdi>`;
}
