import type { Person } from "@holdpoint/core/holds";

import type { Html } from "./html.ts";
import { html } from "./html.ts";
import { visibleText } from "./visible-text.ts";

/**
 * A person by name; who vouches for the name is said to those who look closer.
 *
 * @param via who said that it was them, where that is somebody else
 */
export function personTag(person: Person | undefined, via?: Person): Html {
  return via === undefined ? nameTag(person) : html`${nameTag(person)} via ${nameTag(via)}`;
}

function nameTag(person: Person | undefined): Html {
  if (person === undefined) return html`somebody unknown`;
  if (typeof person === "string") return html`<bdi>${visibleText(person)}</bdi>`;
  return html`<bdi title="${visibleText(person.issuer)}">${visibleText(person.subject)}</bdi>`;
}
