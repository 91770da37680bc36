import type { HoldDetails, Holds } from "@holdpoint/core/holds";

import { confirmToGoOn } from "../frame/ask.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { whoAmI } from "../frame/who-am-i.ts";
import { describeHold } from "../show/describe-hold.ts";
import type { CancelChoice } from "./cancel-choice.ts";

/** Ends a hold that nobody acts on for good. */
export async function endHold(
  context: CommandContext,
  { holds, hold, location }: { readonly holds: Holds; readonly hold: HoldDetails; readonly location: string },
  options: CancelChoice,
): Promise<void> {
  const { output, messages } = context;
  const { reason, by = whoAmI() } = options;
  const { id, state } = hold;
  const mayEnd = state === "waiting" || state === "answered";
  if (mayEnd && context.interactive && options.yes === undefined) {
    await messages.write(describeHold(hold, location, messages));
    await confirmToGoOn(context, "Cancel this hold? Nobody can answer it or act on it then.");
  }
  const canceled = await context.finish(async () => await holds.cancel(id, { by, reason }));
  const outcome = canceled ? "canceled" : "already-canceled";
  if (options.json) await output.write(toJsonLine({ outcome, id }));
  else await output.write(`${escapeControls(id)} ${canceled ? "is canceled" : "was canceled before"}.\n`);
}
