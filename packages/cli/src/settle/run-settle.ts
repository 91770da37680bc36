import type { Settlement } from "@holdpoint/core/holds";
import { createHolds } from "@holdpoint/core/holds";

import { confirmToGoOn } from "../frame/ask.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { readPersonOptions } from "../frame/hold-person.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";
import { readGivenJson } from "../frame/read-given-file.ts";
import { requireHold } from "../frame/require-hold.ts";
import { describeHold } from "../show/describe-hold.ts";

/** Options of `holdpoint settle`. */
export interface SettleChoice extends StoreChoice {
  readonly applied?: true | undefined;
  readonly notApplied?: true | undefined;
  readonly attempt?: number | undefined;
  readonly receipt?: string | undefined;
  readonly reason?: string | undefined;
  readonly ifActing: "wait" | "refuse";
  readonly by?: string | undefined;
  readonly issuer?: string | undefined;
  readonly yes?: true | undefined;
  readonly json?: true | undefined;
}

/** Says what happened to a hold that is in doubt. */
export async function runSettle(context: CommandContext, id: string, options: SettleChoice): Promise<void> {
  const { output, messages, signal } = context;
  const settlement = await readSettlement(context, options);
  await using store = await openCommandStore(context, options, "write");
  const holds = createHolds(store);
  const hold = await requireHold(holds, store, id, signal);
  const { reason, ifActing } = options;
  let { attempt } = options;
  if (hold.state === "in-doubt" && context.interactive && options.yes === undefined && options.receipt !== "-") {
    await messages.write(describeHold(hold, store.location, messages));
    const meaning = settlement.applied ? "It had its effect?" : "It had no effect, and may be acted on again?";
    await confirmToGoOn(context, meaning);
    attempt ??= hold.claim?.attempt;
  }
  const by = readPersonOptions(options);
  const changed = await holds.settle(id, settlement, { by, reason, attempt, ifActing, signal });
  const outcome = changed ? "settled" : "already-settled";
  if (options.json) await output.write(toJsonLine({ outcome, id, applied: settlement.applied }));
  else await output.write(`${escapeControls(id)} ${changed ? "is" : "was"} settled${changed ? "" : " before"}.\n`);
}

async function readSettlement(
  context: CommandContext,
  { applied, notApplied, receipt }: SettleChoice,
): Promise<Settlement> {
  if (applied === undefined && notApplied === undefined) {
    throw new CommandError(exitCodes.usage, "Say what happened: --applied or --not-applied. Nothing was changed.");
  }
  if (applied === true) {
    return receipt === undefined
      ? { applied: true }
      : { applied: true, receipt: await readGivenJson(context, receipt, "receipt") };
  }
  if (receipt === undefined) return { applied: false };
  throw new CommandError(exitCodes.usage, "What had no effect has no receipt: --receipt goes with --applied.");
}
