import type { Person } from "@holdpoint/core/holds";

import type { TargetOptions } from "../sending/target-options.ts";

/**
 * What somebody is told of.
 *
 * - `opened`: a question waits
 * - `expiring`: it still does, and its time is soon over
 * - `decided`: it has been answered, or has ended without an answer
 */
export type NoticeKind = (typeof noticeKinds)[number];

/** All kinds, in the order in which they come. */
export const noticeKinds = ["opened", "expiring", "decided"] as const;

/** What a notice is about: a hold of a program, or a task of the mesh. Its texts are the asker's, as they were written. */
export interface NoticeSubject {
  readonly kind: "hold" | "task";
  readonly id: string;
  readonly isWaiting: boolean;
  /** What is asked; `undefined` where it is not known any more. */
  readonly message: string | undefined;
  readonly askedBy: Person | undefined;
  /** Who said that they asked, where that is somebody else. */
  readonly askedVia: Person | undefined;
  readonly openedAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** What was decided, such as `Approved` or `Expired`; `undefined` while it waits. */
  readonly outcome: string | undefined;
  /** Who decided it, where anybody did. */
  readonly decidedBy: Person | undefined;
  /** Who said that it was them, where that is somebody else. */
  readonly decidedVia: Person | undefined;
}

/** One thing that one target is told. */
export interface Notice {
  readonly kind: NoticeKind;
  /** The same whenever this is told to this target again, so that it can be told apart from something new. */
  readonly id: string;
  /** The `id` of the first notice of the same question. */
  readonly threadId: string;
  readonly subject: NoticeSubject;
  /** Where it is looked at and answered. */
  readonly url: string;
  /** When it is told. */
  readonly at: Date;
}

/** Options that every target has. */
export interface NoticeTargetOptions extends TargetOptions {
  /** What it is told of. @default all */
  readonly notices?: readonly NoticeKind[] | undefined;
}

/** Somebody, or something, that is told: what `slackTarget`, `mailTarget` or `webhookTarget` makes, or one of your own. */
export interface NoticeTarget extends NoticeTargetOptions {
  /**
   * Only for a target that one person alone reads: its links are signed for that person, and lead there without a login.
   * @default links that ask for a login
   */
  readonly link?: { readonly person: string; readonly right: "look" | "answer" } | undefined;
  /**
   * Tells it, once. If it is not certain that it was told, it is called again later with the same notice.
   *
   * @throws {Error} if it was not told, or that is not certain; its message is handed on, so it holds no credential
   */
  send(notice: Notice, signal: AbortSignal): Promise<void>;
}
