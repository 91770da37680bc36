import type { Person } from "@holdpoint/core/holds";

import { escapeControls } from "./escape-controls.ts";
import { whoAmI } from "./who-am-i.ts";

/** Who is meant by `--by` and `--issuer`; this user at this host where neither is given. */
export function readPersonOptions({
  by = whoAmI(),
  issuer,
}: {
  readonly by?: string | undefined;
  readonly issuer?: string | undefined;
}): Person {
  return issuer === undefined ? by : { issuer, subject: by };
}

/**
 * A person as a person reads it.
 *
 * @param via who said that it was them, where that is somebody else
 */
export function describePerson(person: Person | undefined, via?: Person): string {
  return via === undefined ? describeOne(person) : `${describeOne(person)} via ${describeOne(via)}`;
}

function describeOne(person: Person | undefined): string {
  if (person === undefined) return "unknown";
  if (typeof person === "string") return escapeControls(JSON.stringify(person));
  return escapeControls(`${JSON.stringify(person.subject)} (${person.issuer})`);
}
