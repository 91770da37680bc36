import type { NoticeKind, NoticeSubject } from "./notice-target.ts";
import { noticeKinds } from "./notice-target.ts";

/** What there is to tell one target of one question now; `undefined` if nothing. */
export function nextNotice(
  subject: Pick<NoticeSubject, "isWaiting" | "openedAt" | "expiresAt">,
  told: readonly NoticeKind[],
  wanted: readonly NoticeKind[] = noticeKinds,
  soon: { readonly now: Date; readonly remindBeforeMs: number },
): NoticeKind | undefined {
  if (!subject.isWaiting) {
    // Whoever was not told of the question has no use for its answer.
    const knowsIt = told.length > 0 || !wanted.includes("opened");
    return wanted.includes("decided") && knowsIt ? "decided" : undefined;
  }
  if (wanted.includes("opened") && !told.includes("opened")) return "opened";
  if (wanted.includes("expiring") && !told.includes("expiring") && expiresSoon(subject, soon)) return "expiring";
  return undefined;
}

/** Whether a question that waits will not do so for much longer. One that is asked for an hour is not told twice at once. */
export function expiresSoon(
  { openedAt, expiresAt }: Pick<NoticeSubject, "openedAt" | "expiresAt">,
  { now, remindBeforeMs }: { readonly now: Date; readonly remindBeforeMs: number },
): boolean {
  if (expiresAt === undefined) return false;
  const leftMs = expiresAt.getTime() - now.getTime();
  const wholeMs = openedAt === undefined ? Number.POSITIVE_INFINITY : expiresAt.getTime() - openedAt.getTime();
  return leftMs > 0 && leftMs <= Math.min(remindBeforeMs, wholeMs / 4);
}
