import * as v from "valibot";

import type { CourierOptions } from "../couriers/courier-options.ts";
import { webhookCourier } from "../couriers/webhook-courier.ts";
import type { Setting } from "./target-schema.ts";
import { readWebhook, targetEntries, webhookSchema } from "./target-schema.ts";

/** Which programs are called with what was decided, as a file says it. */
export const couriersSchema = v.strictObject({
  giveUpAfterMs: v.optional(v.number("expected a number of milliseconds")),
  targets: v.pipe(
    v.array(v.strictObject({ ...targetEntries, webhook: webhookSchema }), "expected a list of targets"),
    v.minLength(1, "expected at least one target"),
  ),
});

/**
 * Makes couriers of what a file says, and of the secrets that it names.
 *
 * @throws {InboxError} `invalid-argument`
 */
export function readCouriers(
  { targets, ...rest }: v.InferOutput<typeof couriersSchema>,
  setting: Setting,
): CourierOptions {
  const couriers = targets.map(({ webhook, ...options }) =>
    webhookCourier({ ...options, ...readWebhook(webhook, options.name, setting) }),
  );
  return { ...rest, couriers };
}
