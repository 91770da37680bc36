import type { SignedWebhookOptions } from "../sending/signed-webhook.ts";
import { signedWebhook } from "../sending/signed-webhook.ts";
import type { Notice, NoticeTarget, NoticeTargetOptions } from "./notice-target.ts";

/** Options of {@link webhookTarget}. */
export interface WebhookTargetOptions extends NoticeTargetOptions, SignedWebhookOptions {}

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
export function webhookTarget(options: WebhookTargetOptions): NoticeTarget {
  const { url, secret, privateAddresses, ...rest } = options;
  const post = signedWebhook(options.name, { url, secret, privateAddresses });
  return { ...rest, send: async (notice, signal) => await post(notice.id, webhookBody(notice), signal) };
}

function webhookBody({ kind, subject, url, at }: Notice): unknown {
  const { id, message, askedBy, askedVia, openedAt, expiresAt, labels, outcome, decidedBy, decidedVia } = subject;
  return {
    type: `${subject.kind}.${kind}`,
    timestamp: at.toISOString(),
    data: { id, message, askedBy, askedVia, openedAt, expiresAt, labels, outcome, decidedBy, decidedVia, url },
  };
}
