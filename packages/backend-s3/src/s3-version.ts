import { createHash, getFips } from "node:crypto";

import { PreconditionFailedError } from "@holdpoint/core/driver";

import { BadAnswerError } from "./bad-answer-error.ts";

/**
 * The version that an `ETag` header stands for: the tag without its quotes, which one SDK takes off and the other
 * leaves on, so that both name the same version.
 *
 * @throws {BadAnswerError} if there is no tag
 */
export function versionOfEtag(etag: string | undefined): string {
  if (etag === undefined || etag === "") throw new BadAnswerError("the answer has no ETag");
  return /^"([^"]*)"$/u.exec(etag)?.[1] ?? etag;
}

/**
 * The `If-Match` header that names a version.
 *
 * @throws {PreconditionFailedError} for a text that no tag consists of: nothing can have that version
 */
export function etagOfVersion(version: string): string {
  // https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3
  if (/^[\x21\x23-\x7E]+$/u.test(version)) return `"${version}"`;
  // A weak tag keeps its quotes, and matches nothing.
  if (/^W\/"[\x21\x23-\x7E]*"$/u.test(version)) return version;
  throw new PreconditionFailedError();
}

/** Whether a version may be the MD5 of an object's bytes, as that of most plain objects is. */
export function isDigest(version: string): boolean {
  return /^[0-9a-f]{32}$/u.test(version);
}

/** The version that a body has where ETags are digests; `undefined` where this process may not compute MD5. */
export function digestOf(body: Uint8Array): string | undefined {
  return getFips() === 1 ? undefined : createHash("md5").update(body).digest("hex");
}
