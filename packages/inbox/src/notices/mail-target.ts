import { createTransport } from "nodemailer";

import { InboxError } from "../inbox-error.ts";
import { isThisMachine } from "../is-this-machine.ts";
import { SendFailure } from "../sending/send-failure.ts";
import type { Notice, NoticeTarget, NoticeTargetOptions } from "./notice-target.ts";
import { noticeText } from "./notice-text.ts";

/** Options of {@link mailTarget}. */
export interface MailTargetOptions extends NoticeTargetOptions {
  /** The mail server, such as `smtp://inbox:password@mail.example.com:587` or `smtps://mail.example.com`. */
  readonly server: string;
  /** Who sends: one address. */
  readonly from: string;
  /** Who is told: one address. */
  readonly to: string;
  /**
   * For an address that one person alone reads: links are signed for that address, and lead there without a login. With
   * `answer`, whoever has the mail may answer. @default links that ask for a login
   */
  readonly signedLinks?: "look" | "answer" | undefined;
}

// Two addresses would be two readers, and a name could hold one.
const address = /^[^\s"'(),:;<>@[\\\]]+@[^\s"'(),:;<>@[\\\]]+$/u;
const maxSubjectCharacters = 150;

/**
 * An address that is told by mail, in plain text. What is told later of the same question answers the first mail, so
 * that they stand together. Without a TLS connection nothing is sent, except to a server of this machine.
 *
 * @throws {InboxError} `invalid-argument`
 * @example
 * ```ts
 * const server = process.env["SMTP_URL"] ?? "";
 * const target = mailTarget({ name: "ada", server, from: "inbox@example.com", to: "ada@example.com" });
 * ```
 */
export function mailTarget(options: MailTargetOptions): NoticeTarget {
  const { server, from, to, signedLinks, ...rest } = options;
  const { name } = options;
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined || !/^smtps?:$/u.test(url.protocol) || url.search !== "" || loginOf(url) === undefined) {
    throw new InboxError(
      "invalid-argument",
      `The server of the target ${JSON.stringify(name)}: expected smtp://… or smtps://…, without settings behind a ?.`,
    );
  }
  for (const [what, value] of Object.entries({ from, to })) {
    if (address.test(value)) continue;
    throw new InboxError(
      "invalid-argument",
      `${what} of the target ${JSON.stringify(name)}: expected one address, such as ada@example.com.`,
    );
  }
  return {
    ...rest,
    link: signedLinks === undefined ? undefined : { person: to, right: signedLinks },
    send: async (notice, signal) => await sendMail(url, { from, to, ...mailOf(notice, from) }, signal),
  };
}

/** The user and the password of an address; `undefined` where they are not encoded as an address has them. */
function loginOf({ username, password }: URL): { readonly user: string; readonly pass: string } | undefined {
  try {
    return { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
  } catch {
    return undefined;
  }
}

interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  readonly references: string | undefined;
}

function mailOf({ id, threadId, url, ...notice }: Notice, from: string): Mail {
  const { headline, message, facts } = noticeText({ id, threadId, url, ...notice });
  const messageIdOf = (of: string): string => `<${of}@${from.slice(from.lastIndexOf("@") + 1)}>`;
  return {
    // One line, as its parts are: a second one would be a header.
    subject: `${headline}: ${message}`.slice(0, maxSubjectCharacters).toWellFormed(),
    text: [headline, message, facts.join(" · "), url].filter((part) => part !== "").join("\n\n"),
    messageId: messageIdOf(id),
    references: id === threadId ? undefined : messageIdOf(threadId),
  };
}

async function sendMail(
  url: URL,
  { references, ...mail }: Mail & { readonly from: string; readonly to: string },
  signal: AbortSignal,
): Promise<void> {
  const transport = createTransport({
    host: url.hostname.replaceAll(/[[\]]/gu, ""),
    port: url.port === "" ? (url.protocol === "smtps:" ? 465 : 587) : Number(url.port),
    secure: url.protocol === "smtps:",
    requireTLS: !isThisMachine(url.hostname),
    ...(url.username === "" ? {} : { auth: loginOf(url) }),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      ...mail,
      ...(references === undefined ? {} : { references, inReplyTo: references }),
      headers: { "auto-submitted": "auto-generated" },
      signal,
    });
  } catch (error) {
    const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown };
    // What the server says could repeat what it was sent, a password among it.
    throw new SendFailure(`its server did not take it (${[code, responseCode].filter(Boolean).join(" ")})`);
  } finally {
    transport.close();
  }
}
