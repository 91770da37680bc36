/**
 * An object's name, or any text, as one part of a path or of a query. Cloud Storage wants more characters encoded than
 * `encodeURIComponent` does.
 *
 * @see https://cloud.google.com/storage/docs/request-endpoints#encoding
 */
export function encodeUrlPart(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/gu, (character) => `%${character.charCodeAt(0).toString(16)}`);
}

/** The parameters that are given, as `?name=value&…`, or an empty string. */
export function queryString(parameters: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeUrlPart(value)}`],
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}
