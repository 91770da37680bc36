import { isJsonObject } from "@holdpoint/core/json";

import { meantName } from "./meant-name.ts";
import type { PauseField, PauseMetadata } from "./pause-metadata.ts";
import { payloadPath } from "./pause-metadata.ts";
import { valueViolation } from "./validate-input.ts";

const metadataNames = ["prompt", "fields", "schema", "decisions", "expires_in", "on_expiry", "allow_on_expiry"];
const fieldNames = ["name", "type", "prompt", "payload_key", "required", "default", "options"];

/**
 * What looks like a mistake in pause metadata, one sentence each: a name that is mistyped, a default that is none of the
 * options, two fields that land at one place. Nothing of it is an error: a user interface may have properties of its own,
 * so they are passed on.
 *
 * @example
 * ```ts
 * metadataHints(parsePauseMetadata('{"promt":"Approve?"}')); // ['promt: did you mean "prompt"? It is passed on as it is.']
 * ```
 */
export function metadataHints(metadata: PauseMetadata): readonly string[] {
  const fields = metadata.fields.map((field, index) => ({ field, index }));
  return [
    ...nameHints(metadata, metadataNames, ""),
    ...fields.flatMap(({ field, index }) => nameHints(field, fieldNames, `fields.${index}.`)),
    ...fields.flatMap(defaultHints),
    ...fields.flatMap((field) => fields.slice(0, field.index).flatMap((earlier) => placeHints(field, earlier))),
  ];
}

interface PlacedField {
  readonly field: PauseField;
  readonly index: number;
}

function nameHints(value: unknown, known: readonly string[], place: string): readonly string[] {
  if (!isJsonObject(value)) return [];
  return Object.keys(value).flatMap((name) => {
    const meant = meantName(name, known);
    return meant === undefined
      ? []
      : [`${place}${name}: did you mean ${JSON.stringify(meant)}? It is passed on as it is.`];
  });
}

function defaultHints({ field, index }: PlacedField): readonly string[] {
  const violation = field.default === undefined ? undefined : valueViolation(field.default, field);
  return violation === undefined || field.default === null ? [] : [`fields.${index}.default: it ${violation}.`];
}

function placeHints(field: PlacedField, earlier: PlacedField): readonly string[] {
  const [outer, inner] = [earlier, field].toSorted(
    (one, other) => payloadPath(one.field).length - payloadPath(other.field).length,
  ) as [PlacedField, PlacedField];
  const [around, inside] = [payloadPath(outer.field), payloadPath(inner.field)];
  if (!around.every((name, level) => inside[level] === name)) return [];
  const [place, deeper] = [around, inside].map((path) => `/${path.join("/")}`);
  if (around.length === inside.length) {
    return [`fields.${field.index}: it lands at ${place} in the payload, in place of fields.${earlier.index}.`];
  }
  return outer.field.type === "object"
    ? []
    : [
        `fields.${inner.index}: it cannot land at ${deeper} in the payload, since fields.${outer.index} lands at ${place}.`,
      ];
}
