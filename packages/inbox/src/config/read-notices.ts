import * as v from "valibot";

import { InboxError } from "../inbox-error.ts";
import { mailTarget } from "../notices/mail-target.ts";
import type { NoticeOptions } from "../notices/notice-options.ts";
import type { NoticeTarget } from "../notices/notice-target.ts";
import { noticeKinds } from "../notices/notice-target.ts";
import { slackTarget } from "../notices/slack-target.ts";
import { webhookTarget } from "../notices/webhook-target.ts";

const text = v.pipe(v.string("expected text"), v.nonEmpty("expected text that is not empty"));
const rights = ["look", "answer"] as const;

/** Who is told of what, as a file says it. */
export const noticesSchema = v.strictObject({
  remindBeforeMs: v.optional(v.number("expected a number of milliseconds")),
  targets: v.array(
    v.strictObject({
      name: text,
      labels: v.optional(v.array(text, "expected a list of labels")),
      notices: v.optional(v.array(v.picklist(noticeKinds, `expected one of ${noticeKinds.join(", ")}`))),
      slack: v.optional(v.strictObject({ urlFrom: text })),
      mail: v.optional(
        v.strictObject({
          from: text,
          to: text,
          signedLinks: v.optional(v.picklist(rights, `expected one of ${rights.join(", ")}`)),
        }),
      ),
      webhook: v.optional(v.strictObject({ url: text, secretFrom: text })),
    }),
    "expected a list of targets",
  ),
});

type FileNotices = v.InferOutput<typeof noticesSchema>;

/**
 * Makes targets of what a file says, and of the secrets that it names.
 *
 * @throws {InboxError} `invalid-argument`
 */
export function readNotices(
  { targets, ...rest }: FileNotices,
  setting: (name: string) => string | undefined,
): NoticeOptions {
  const secret = (name: string, target: string): string => {
    const value = setting(name);
    if (value !== undefined) return value;
    throw new InboxError("invalid-argument", `The target ${JSON.stringify(target)} needs ${name} in the environment.`);
  };
  return { ...rest, targets: targets.map((target) => readTarget(target, secret)) };
}

function readTarget(
  { slack, mail, webhook, ...options }: FileNotices["targets"][number],
  secret: (name: string, target: string) => string,
): NoticeTarget {
  const { name } = options;
  const [way, ...others] = [
    slack && (() => slackTarget({ ...options, url: secret(slack.urlFrom, name) })),
    mail && (() => mailTarget({ ...options, ...mail, server: secret("HOLDPOINT_INBOX_SMTP", name) })),
    webhook && (() => webhookTarget({ ...options, url: webhook.url, secret: secret(webhook.secretFrom, name) })),
  ].filter((made) => made !== undefined);
  if (way !== undefined && others.length === 0) return way();
  throw new InboxError(
    "invalid-argument",
    `The target ${JSON.stringify(name)}: expected one of slack, mail and webhook.`,
  );
}
