import type { SignedWebhookOptions } from "../sending/signed-webhook.ts";
import { signedWebhook } from "../sending/signed-webhook.ts";
import type { TargetOptions } from "../sending/target-options.ts";
import type { Courier, Delivery } from "./courier.ts";

/** Options of {@link webhookCourier}. */
export interface WebhookCourierOptions extends TargetOptions, SignedWebhookOptions {}

/**
 * Calls a program with what was decided, by requests that are signed as https://www.standardwebhooks.com says. Their
 * `webhook-id` is the same whenever the same is delivered again, and so is their body: JSON with `type`
 * (`hold.answered`, `hold.rejected`, `hold.canceled`, `hold.expired`), `timestamp`, and in `data` the hold's `id` and
 * `version`, the `answer`, and `by` whom. Any answer of 2xx has taken it.
 *
 * @throws {InboxError} `invalid-argument`
 * @example
 * ```ts
 * const secret = process.env["BILLING_SECRET"] ?? "";
 * const courier = webhookCourier({ name: "billing", url: "https://billing.example.com/decided", secret });
 * ```
 */
export function webhookCourier(options: WebhookCourierOptions): Courier {
  const { url, secret, privateAddresses, ...rest } = options;
  const post = signedWebhook(options.name, { url, secret, privateAddresses });
  return { ...rest, deliver: async (delivery, signal) => await post(delivery.id, webhookBody(delivery), signal) };
}

function webhookBody({ outcome, hold, at, by, answer, reason }: Delivery): unknown {
  return { type: `hold.${outcome}`, timestamp: at.toISOString(), data: { ...hold, by, answer, reason } };
}
