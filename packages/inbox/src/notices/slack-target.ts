import type { PostOptions } from "../sending/post-json.ts";
import { postJson, readPostAddress } from "../sending/post-json.ts";
import type { Notice, NoticeTarget, NoticeTargetOptions } from "./notice-target.ts";
import { noticeText } from "./notice-text.ts";

/** Options of {@link slackTarget}. */
export interface SlackTargetOptions extends NoticeTargetOptions, PostOptions {
  /** The address of the incoming webhook. Whoever knows it can post there: it is a secret. */
  readonly url: string;
}

/**
 * A channel of Slack, by an incoming webhook. Such a webhook cannot edit what it has posted, so what was decided is
 * another message. A channel has many readers, so its links ask for a login.
 *
 * @throws {InboxError} `invalid-argument`
 * @example
 * ```ts
 * const target = slackTarget({ name: "billing", url: process.env["SLACK_URL"] ?? "", labels: ["team=billing"] });
 * ```
 */
export function slackTarget({ url, privateAddresses, ...options }: SlackTargetOptions): NoticeTarget {
  const address = readPostAddress(options.name, { url, privateAddresses });
  return {
    ...options,
    send: async (notice, signal) => await postJson(address, JSON.stringify(slackMessage(notice)), {}, signal),
  };
}

/** A notice as Block Kit has it. What an asker wrote is plain text there, in which Slack looks for no markup. */
function slackMessage(notice: Notice): unknown {
  const { headline, message, facts } = noticeText(notice);
  // Not a button: a click on one is also sent to the app, and Slack warns where nothing answers it.
  const link = `<${escapeText(notice.url)}|${notice.kind === "decided" ? "See what was decided" : "Look and answer"}>`;
  return {
    // What notifications show, and screen readers read.
    text: `${escapeText(headline)}: ${escapeText(message)}`,
    blocks: [
      { type: "section", text: plain(headline) },
      { type: "section", text: plain(message) },
      ...(facts.length === 0 ? [] : [{ type: "context", elements: [plain(facts.join(" · "))] }]),
      { type: "section", text: { type: "mrkdwn", text: link, verbatim: true } },
    ],
  };
}

// A block has at most 3000 characters, and an escape is up to five for one.
const maxCharacters = 3_000;

function plain(text: string): unknown {
  const escaped = escapeText(text);
  const cut = escaped.length <= maxCharacters ? escaped : escaped.slice(0, maxCharacters).replace(/&[^;]*$/u, "");
  return { type: "plain_text", text: cut, emoji: false };
}

/** The three characters that Slack acts on: https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
