import { createHash } from "node:crypto";

import { itemPath } from "../inbox-context.ts";
import { signLink } from "../link/sign-link.ts";
import type { FoundSubject } from "./notice-subject.ts";
import type { Notice, NoticeKind, NoticeSubject, NoticeTarget } from "./notice-target.ts";
import type { TellerContext } from "./teller-context.ts";

type LinkContext = Pick<TellerContext, "url" | "base" | "linkKeys" | "now">;

/** A link that is signed for somebody leads there for so long where the question does not end sooner. */
const linkMs = 7 * 86_400_000;

/** What a target is told. */
export function makeNotice(context: LinkContext, target: NoticeTarget, kind: NoticeKind, found: FoundSubject): Notice {
  const { occasion, ...subject } = found;
  const idOf = (of: NoticeKind): string => {
    const what = JSON.stringify([target.name, subject.kind, subject.id, occasion, of]);
    return `notice_${createHash("sha256").update(what).digest("hex").slice(0, 32)}`;
  };
  const isFirst = target.notices?.includes("opened") === false;
  return {
    kind,
    id: idOf(kind),
    threadId: idOf(isFirst ? kind : "opened"),
    subject,
    url: linkFor(context, target, subject),
    at: context.now(),
  };
}

function linkFor({ url, base, linkKeys, now }: LinkContext, { link }: NoticeTarget, subject: NoticeSubject): string {
  const { kind, id, isWaiting, openedAt, expiresAt } = subject;
  // Signed links lead to holds alone.
  if (link === undefined || kind === "task") return new URL(itemPath({ base }, kind, id), url).href;
  const inAWeek = new Date(now().getTime() + linkMs);
  return signLink(
    { url, keys: linkKeys },
    {
      id,
      openedAt,
      person: link.person,
      right: isWaiting ? link.right : "look",
      expiresAt: isWaiting && expiresAt !== undefined ? expiresAt : inAWeek,
    },
  );
}
