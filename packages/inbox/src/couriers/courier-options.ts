import { InboxError } from "../inbox-error.ts";
import { assertTimes } from "../sending/assert-times.ts";
import { targetProblem } from "../sending/target-options.ts";
import type { Courier } from "./courier.ts";

/** Options of delivering what was decided, of {@link InboxOptions.couriers}. */
export interface CourierOptions {
  /** Who delivers. */
  readonly couriers: readonly Courier[];
  /**
   * For how long a delivery is tried that is not refused, in milliseconds; then it has failed until somebody repeats it.
   * @default 259200000
   */
  readonly giveUpAfterMs?: number | undefined;
  /**
   * How often is looked for what was decided elsewhere, in milliseconds. What is decided at this inbox is delivered at
   * once. @default 10000
   */
  readonly lookEveryMs?: number | undefined;
  /**
   * How long one delivery may take, in milliseconds. After three times that another inbox takes over what one has begun
   * to deliver and not ended. The same for all inboxes on one store. @default 10000
   */
  readonly timeoutMs?: number | undefined;
}

/** @throws {InboxError} `invalid-argument` */
export function assertCourierOptions({ couriers, ...times }: CourierOptions, hasRules: boolean): void {
  assertTimes("couriers", times);
  const wrong = targetProblem(couriers, hasRules);
  if (wrong === undefined) return;
  throw new InboxError("invalid-argument", `The courier ${JSON.stringify(wrong.name)}: ${wrong.problem}.`);
}
