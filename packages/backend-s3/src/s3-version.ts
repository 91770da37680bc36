/**
 * The version that an `ETag` header stands for: the tag without its quotes, which one SDK takes off and the other
 * leaves on, so that both name the same version.
 */
export function versionOfEtag(etag: string): string {
  return /^"([^"]*)"$/u.exec(etag)?.[1] ?? etag;
}

/** The `If-Match` header that names a version. */
export function etagOfVersion(version: string): string {
  // A weak tag keeps its quotes, and matches nothing: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
  return version.includes('"') ? version : `"${version}"`;
}
