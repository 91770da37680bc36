import { Webhook } from "standardwebhooks";

import { InboxError } from "../inbox-error.ts";
import type { Notice, NoticeTarget, NoticeTargetOptions } from "./notice-target.ts";
import { postNotice, readPostAddress } from "./post-notice.ts";

/** Options of {@link webhookTarget}. */
export interface WebhookTargetOptions extends NoticeTargetOptions {
  /** Where notices are posted to. Redirects are not followed. */
  readonly url: string;
  /** What they are signed with: `whsec_` and 24 to 64 bytes in Base64. */
  readonly secret: string;
}

/**
 * A program that is told by HTTP, with requests that are signed as https://www.standardwebhooks.com says. Their
 * `webhook-id` is the same whenever the same is told again. The body is JSON with `type` (`hold.opened`,
 * `hold.expiring`, `hold.decided`), `timestamp`, and in `data` what the notice is about and `url`.
 *
 * @throws {InboxError} `invalid-argument`
 * @example
 * ```ts
 * const secret = process.env["AUDIT_SECRET"] ?? "";
 * const target = webhookTarget({ name: "audit", url: "https://audit.example.com/holds", secret });
 * ```
 */
export function webhookTarget({ url, secret, ...options }: WebhookTargetOptions): NoticeTarget {
  const address = readPostAddress(options.name, url);
  const base64 = /^whsec_([A-Za-z\d+/]+={0,2})$/u.exec(secret)?.[1] ?? "";
  const { byteLength } = Buffer.from(base64, "base64");
  if (byteLength < 24 || byteLength > 64) {
    throw new InboxError(
      "invalid-argument",
      `The secret of the target ${JSON.stringify(options.name)}: expected whsec_ and 24 to 64 bytes in Base64.`,
    );
  }
  const webhook = new Webhook(secret);
  return {
    ...options,
    send: async (notice, signal) => {
      const body = JSON.stringify(webhookBody(notice));
      const at = new Date();
      const headers = {
        "webhook-id": notice.id,
        "webhook-timestamp": Math.floor(at.getTime() / 1_000).toString(),
        "webhook-signature": webhook.sign(notice.id, at, body),
      };
      await postNotice(address, body, headers, signal);
    },
  };
}

function webhookBody({ kind, subject, url, at }: Notice): unknown {
  const { id, message, askedBy, openedAt, expiresAt, labels, outcome, decidedBy } = subject;
  return {
    type: `${subject.kind}.${kind}`,
    timestamp: at.toISOString(),
    data: { id, message, askedBy, openedAt, expiresAt, labels, outcome, decidedBy, url },
  };
}
