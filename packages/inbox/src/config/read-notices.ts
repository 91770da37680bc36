import * as v from "valibot";

import { InboxError } from "../inbox-error.ts";
import { mailTarget } from "../notices/mail-target.ts";
import type { NoticeOptions } from "../notices/notice-options.ts";
import type { NoticeTarget } from "../notices/notice-target.ts";
import { noticeKinds } from "../notices/notice-target.ts";
import { slackTarget } from "../notices/slack-target.ts";
import { webhookTarget } from "../notices/webhook-target.ts";
import type { PostOptions } from "../sending/post-json.ts";
import type { Setting } from "./target-schema.ts";
import { privateAddresses, readSecret, readWebhook, targetEntries, text, webhookSchema } from "./target-schema.ts";

const rights = ["look", "answer"] as const;

/** Who is told of what, as a file says it. */
export const noticesSchema = v.strictObject({
  remindBeforeMs: v.optional(v.number("expected a number of milliseconds")),
  targets: v.pipe(
    v.array(
      v.strictObject({
        ...targetEntries,
        notices: v.optional(v.array(v.picklist(noticeKinds, `expected one of ${noticeKinds.join(", ")}`))),
        slack: v.optional(v.strictObject({ urlFrom: text, privateAddresses })),
        mail: v.optional(
          v.strictObject({
            from: text,
            to: text,
            signedLinks: v.optional(v.picklist(rights, `expected one of ${rights.join(", ")}`)),
          }),
        ),
        webhook: v.optional(webhookSchema),
      }),
      "expected a list of targets",
    ),
    v.minLength(1, "expected at least one target"),
  ),
});

type FileNotices = v.InferOutput<typeof noticesSchema>;

/**
 * Makes targets of what a file says, and of the secrets that it names.
 *
 * @throws {InboxError} `invalid-argument`
 */
export function readNotices({ targets, ...rest }: FileNotices, setting: Setting): NoticeOptions {
  return { ...rest, targets: targets.map((target) => readTarget(target, setting)) };
}

function readTarget(
  { slack, mail, webhook, ...options }: FileNotices["targets"][number],
  setting: Setting,
): NoticeTarget {
  const { name } = options;
  const [way, ...others] = [
    slack && (() => slackTarget({ ...options, ...readSlack(slack, name, setting) })),
    mail && (() => mailTarget({ ...options, ...mail, server: readSecret("HOLDPOINT_INBOX_SMTP", name, setting) })),
    webhook && (() => webhookTarget({ ...options, ...readWebhook(webhook, name, setting) })),
  ].filter((made) => made !== undefined);
  if (way !== undefined && others.length === 0) return way();
  throw new InboxError(
    "invalid-argument",
    `The target ${JSON.stringify(name)}: expected one of slack, mail and webhook.`,
  );
}

function readSlack(
  { urlFrom, ...slack }: NonNullable<FileNotices["targets"][number]["slack"]>,
  target: string,
  setting: Setting,
): PostOptions {
  return { ...slack, url: readSecret(urlFrom, target, setting) };
}
