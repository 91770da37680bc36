import * as v from "valibot";

import { InboxError } from "../inbox-error.ts";
import type { SignedWebhookOptions } from "../sending/signed-webhook.ts";

/** What is set in the environment under a name. */
export type Setting = (name: string) => string | undefined;

/** Text of a file. */
export const text = v.pipe(v.string("expected text"), v.nonEmpty("expected text that is not empty"));

/** Private addresses that a host may turn out to have. */
export const privateAddresses = v.optional(v.array(text, "expected a list of addresses"));

/** What every target has in a file. */
export const targetEntries = {
  name: text,
  labels: v.optional(v.array(text, "expected a list of labels")),
  groups: v.optional(v.array(text, "expected a list of groups")),
};

/** A webhook in a file. */
export const webhookSchema = v.strictObject({ url: text, secretFrom: text, privateAddresses });

/** A webhook as a file says it, with its secret. */
export function readWebhook(
  { secretFrom, ...webhook }: v.InferOutput<typeof webhookSchema>,
  target: string,
  setting: Setting,
): SignedWebhookOptions {
  return { ...webhook, secret: readSecret(secretFrom, target, setting) };
}

/** @throws {InboxError} `invalid-argument` where the environment has nothing under a name */
export function readSecret(name: string, target: string, setting: Setting): string {
  const value = setting(name);
  if (value !== undefined) return value;
  throw new InboxError("invalid-argument", `The target ${JSON.stringify(target)} needs ${name} in the environment.`);
}
