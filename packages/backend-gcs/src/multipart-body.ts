import { randomUUID } from "node:crypto";

/**
 * An object's resource and its bytes as the body of one request.
 *
 * @see https://cloud.google.com/storage/docs/uploading-objects#rest-upload-objects
 */
export function createMultipartBody(
  resource: { readonly contentType: string },
  bytes: Uint8Array,
): { readonly contentType: string; readonly body: Uint8Array } {
  // Random, so that no body holds it by accident or by intent.
  const boundary = `holdpoint-${randomUUID()}`;
  const start = [
    `--${boundary}`,
    "content-type: application/json; charset=UTF-8",
    "",
    JSON.stringify(resource),
    `--${boundary}`,
    `content-type: ${resource.contentType}`,
    "",
    "",
  ].join("\r\n");
  return {
    contentType: `multipart/related; boundary=${boundary}`,
    body: Buffer.concat([Buffer.from(start), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}
