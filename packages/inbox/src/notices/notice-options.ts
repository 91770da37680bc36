import { InboxError } from "../inbox-error.ts";
import type { NoticeTarget } from "./notice-target.ts";

/** Options of telling people, of {@link InboxOptions.notices}. */
export interface NoticeOptions {
  /** Who is told. */
  readonly targets: readonly NoticeTarget[];
  /**
   * How long before its end a question that still waits is told of again, in milliseconds; of a question with a short
   * time, no earlier than in its last quarter. @default 3600000
   */
  readonly remindBeforeMs?: number | undefined;
  /** How often is looked for what is to be told, in milliseconds. @default 10000 */
  readonly lookEveryMs?: number | undefined;
  /**
   * How long a target may take, in milliseconds. After three times that another inbox takes over what one has begun to
   * tell and not ended. The same for all inboxes on one store. @default 10000
   */
  readonly timeoutMs?: number | undefined;
}

/** @throws {InboxError} `invalid-argument` */
export function assertNoticeOptions({ targets, ...times }: NoticeOptions, canSign: boolean): void {
  for (const [name, value] of Object.entries(times)) {
    if (value !== undefined && !(Number.isFinite(value) && value > 0)) {
      throw new InboxError("invalid-argument", `notices.${name}: expected a number of milliseconds above 0.`);
    }
  }
  const names = new Set<string>();
  for (const { name, labels = [], link } of targets) {
    const problem = !/^[a-z\d-]{1,40}$/u.test(name)
      ? "expected a name of 1 to 40 of a-z, 0-9 and -"
      : names.has(name)
        ? "there are two of this name"
        : !labels.every((label) => /^[^=]+=./su.test(label))
          ? "expected labels such as team=billing or team=*"
          : link !== undefined && !canSign
            ? "its links are to be signed, and there are no keys to sign links with"
            : undefined;
    if (problem !== undefined) {
      throw new InboxError("invalid-argument", `The target of notices ${JSON.stringify(name)}: ${problem}.`);
    }
    names.add(name);
  }
}
