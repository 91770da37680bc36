import { testServer } from "@holdpoint/test-servers";

import { createMultipartBody } from "../src/multipart-body.ts";

/** The emulator that the tests talk to. */
export const gcs = testServer("gcs");

/** Makes a bucket if there is none of that name yet, and returns its name. */
export async function ensureBucket(name: string): Promise<string> {
  const response = await fetch(`${gcs.url}/storage/v1/b?project=test`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  await response.body?.cancel();
  if (response.ok || response.status === 409) return name;
  throw new Error(`The emulator made no bucket: status ${response.status}.`);
}

/** Stores an object as somebody else would, with properties of its own. */
export async function putObject(
  bucket: string,
  name: string,
  bytes: Uint8Array,
  resource: Readonly<Record<string, unknown>> = {},
): Promise<Response> {
  const described = { name, contentType: "text/plain", ...resource };
  const { contentType, body } = createMultipartBody(described, bytes);
  const query = `uploadType=multipart&name=${encodeURIComponent(name)}`;
  return await fetch(`${gcs.url}/upload/storage/v1/b/${bucket}/o?${query}`, {
    method: "POST",
    headers: { "content-type": contentType },
    body: new Uint8Array(body),
  });
}
