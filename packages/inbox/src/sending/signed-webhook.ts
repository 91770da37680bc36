import { Webhook } from "standardwebhooks";

import { InboxError } from "../inbox-error.ts";
import type { PostOptions } from "./post-json.ts";
import { postJson, readPostAddress } from "./post-json.ts";

/** Where a webhook is posted to, and what it is signed with. */
export interface SignedWebhookOptions extends PostOptions {
  /** What it is signed with: `whsec_` and 24 to 64 bytes in Base64. */
  readonly secret: string;
}

/**
 * Posts a body under an id that is the same whenever the same is posted again.
 *
 * @throws {SendFailure} if it was not taken
 */
export type SignedPost = (id: string, body: unknown, signal: AbortSignal) => Promise<void>;

/**
 * Requests that are signed as https://www.standardwebhooks.com says.
 *
 * @throws {InboxError} `invalid-argument`
 */
export function signedWebhook(target: string, { secret, ...options }: SignedWebhookOptions): SignedPost {
  const address = readPostAddress(target, options);
  const base64 = /^whsec_([A-Za-z\d+/]+={0,2})$/u.exec(secret)?.[1] ?? "";
  const { byteLength } = Buffer.from(base64, "base64");
  if (byteLength < 24 || byteLength > 64) {
    throw new InboxError(
      "invalid-argument",
      `The secret of the target ${JSON.stringify(target)}: expected whsec_ and 24 to 64 bytes in Base64.`,
    );
  }
  const webhook = new Webhook(secret);
  return async (id, body, signal) => {
    const text = JSON.stringify(body);
    const at = new Date();
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": Math.floor(at.getTime() / 1_000).toString(),
      "webhook-signature": webhook.sign(id, at, text),
    };
    await postJson(address, text, headers, signal);
  };
}
