import type { StoreFinding } from "@holdpoint/core";
import { waitingPrefixes } from "@holdpoint/core/driver";

import type { LifecycleRule, ObjectClient } from "./object-client.ts";

/** What the settings of a bucket mean for the objects whose names begin with `namePrefix`. */
export async function inspectBucket(
  client: ObjectClient,
  namePrefix: string,
  signal: AbortSignal,
): Promise<readonly StoreFinding[]> {
  return [await inspectLifecycle(client, namePrefix, signal), await inspectVersioning(client, signal)];
}

async function inspectLifecycle(client: ObjectClient, namePrefix: string, signal: AbortSignal): Promise<StoreFinding> {
  const subject = "lifecycle";
  const reason = "A rule that removes objects also removes tasks that still wait.";
  let rules: readonly LifecycleRule[];
  try {
    rules = await client.lifecycleRules(signal);
  } catch (error) {
    const refusal = refusalOf(client, error);
    if (refusal === "NoSuchLifecycleConfiguration") return { subject, level: "ok", found: "the bucket has no rules" };
    const permission = "Allow s3:GetLifecycleConfiguration to have it looked at, or look at the bucket yourself.";
    return { subject, level: "unknown", found: notAsked("rules", refusal), reason, remedy: permission };
  }
  const removing = rules.filter((rule) => removes(rule, namePrefix));
  if (removing.length === 0)
    return { subject, level: "ok", found: "no rule of the bucket removes the store's objects" };
  return {
    subject,
    level: "warning",
    found: removing.map(describeRule).join("; "),
    reason,
    remedy: "Make the time longer than any person may take to answer, or remove the rule and run holdpoint prune.",
  };
}

async function inspectVersioning(client: ObjectClient, signal: AbortSignal): Promise<StoreFinding> {
  const subject = "versioning";
  try {
    const isOn = (await client.versioning(signal)) === "Enabled";
    return {
      subject,
      level: "ok",
      found: isOn
        ? "on: what is overwritten or removed stays as an older version, until a rule removes it"
        : "off: what is overwritten or removed is gone",
    };
  } catch (error) {
    const permission = "Allow s3:GetBucketVersioning to have it looked at.";
    return { subject, level: "unknown", found: notAsked("versioning", refusalOf(client, error)), remedy: permission };
  }
}

/** How the server turned a question away; throws what is no answer. */
function refusalOf(client: ObjectClient, error: unknown): string {
  const { status, code } = client.explain(error);
  if (status === undefined || status >= 500 ? status !== 501 : code === "NoSuchBucket") throw error;
  return code ?? String(status);
}

function notAsked(what: string, refusal: string): string {
  return `the bucket's ${what} could not be asked (${refusal})`;
}

function removes({ Status, Prefix, Filter, Expiration }: LifecycleRule, namePrefix: string): boolean {
  if (Status !== "Enabled" || (Expiration?.Days ?? Expiration?.Date) === undefined) return false;
  // The store's objects have no tags.
  if (Filter?.Tag !== undefined || Filter?.And?.Tags !== undefined) return false;
  const prefix = Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? "";
  const waiting = waitingPrefixes.map((each) => namePrefix + each);
  return waiting.some((kept) => kept.startsWith(prefix) || prefix.startsWith(kept));
}

function describeRule({ ID, Prefix, Filter, Expiration }: LifecycleRule): string {
  const prefix = Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? "";
  const when = Expiration?.Days === undefined ? `on ${String(Expiration?.Date)}` : `after ${Expiration.Days} days`;
  return `the rule ${JSON.stringify(ID ?? "")} removes objects under ${JSON.stringify(prefix)} ${when}`;
}
