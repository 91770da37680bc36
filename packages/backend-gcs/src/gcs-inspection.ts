import type { StoreFinding } from "@holdpoint/core";
import { waitingPrefixes } from "@holdpoint/core/driver";

import type { BucketSettings, GcsBucket } from "./gcs-bucket.ts";
import { GcsAnswerError, isMissingBucket } from "./gcs-error.ts";
import { namePrefixOf } from "./gcs-key.ts";

/** What the settings of a bucket mean for the objects whose names begin with `prefix`. */
export async function inspectBucket(
  bucket: GcsBucket,
  prefix: string,
  signal: AbortSignal,
): Promise<readonly StoreFinding[]> {
  let settings: BucketSettings;
  try {
    settings = await bucket.settings(signal);
  } catch (error) {
    if (!(error instanceof GcsAnswerError) || error.answer.status >= 500 || isMissingBucket(error)) throw error;
    return [
      {
        subject: "lifecycle",
        level: "unknown",
        found: `the bucket's settings could not be asked (${error.answer.status})`,
        reason: "A rule that removes objects also removes tasks that still wait.",
        remedy: "Allow storage.buckets.get to have them looked at, or look at the bucket yourself.",
      },
    ];
  }
  return describeSettings(settings, prefix);
}

/** The same of settings that are known. */
export function describeSettings(settings: BucketSettings, prefix: string): readonly StoreFinding[] {
  return [lifecycleOf(settings, prefix), ...protectionOf(settings), versioningOf(settings)];
}

function lifecycleOf({ lifecycle }: BucketSettings, prefix: string): StoreFinding {
  const subject = "lifecycle";
  const waiting = waitingPrefixes.map((each) => prefix + namePrefixOf(each));
  const rules = (lifecycle?.rule ?? []).filter(({ action, condition }) => {
    const prefixes = condition?.matchesPrefix ?? [""];
    return (
      action?.type === "Delete" &&
      prefixes.some((each) => waiting.some((kept) => kept.startsWith(each) || each.startsWith(kept)))
    );
  });
  if (rules.length === 0) return { subject, level: "ok", found: "no rule of the bucket removes the store's objects" };
  return {
    subject,
    level: "warning",
    found: `a rule of the bucket removes objects: ${rules.map(({ condition }) => JSON.stringify(condition)).join("; ")}`,
    reason: "It also removes tasks that still wait.",
    remedy: "Make the time longer than any person may take to answer, or remove the rule and run holdpoint prune.",
  };
}

/** @see https://cloud.google.com/storage/docs/bucket-lock */
function protectionOf({ retentionPolicy, defaultEventBasedHold }: BucketSettings): readonly StoreFinding[] {
  const causes = [
    ...(retentionPolicy === undefined ? [] : [`a retention policy of ${retentionPolicy.retentionPeriod} seconds`]),
    ...(defaultEventBasedHold === true ? ["an event-based hold on every new object"] : []),
  ];
  if (causes.length === 0) return [];
  return [
    {
      subject: "retention",
      level: "problem",
      found: `the bucket has ${causes.join(" and ")}`,
      reason: "Objects cannot be overwritten then, so that no task can be resumed.",
      remedy: "Use a bucket without it.",
    },
  ];
}

function versioningOf({ versioning }: BucketSettings): StoreFinding {
  const found =
    versioning?.enabled === true
      ? "on: what is overwritten or removed stays as an older version, until a rule removes it"
      : "off: what is overwritten or removed is gone";
  return { subject: "versioning", level: "ok", found };
}
