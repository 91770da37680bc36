import { InboxError } from "../inbox-error.ts";
import { assertTimes } from "../sending/assert-times.ts";
import { targetProblem } from "../sending/target-options.ts";
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
export function assertNoticeOptions(
  { targets, ...times }: NoticeOptions,
  { canSign, hasRules }: { readonly canSign: boolean; readonly hasRules: boolean },
): void {
  assertTimes("notices", times);
  const wrong =
    targetProblem(targets, hasRules) ??
    targets
      .filter(({ link }) => link !== undefined && !canSign)
      .map(({ name }) => ({
        name,
        problem: "its links are to be signed, and there are no keys to sign links with",
      }))[0];
  if (wrong === undefined) return;
  throw new InboxError("invalid-argument", `The target of notices ${JSON.stringify(wrong.name)}: ${wrong.problem}.`);
}
