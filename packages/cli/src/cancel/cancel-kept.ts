import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { findKept } from "../frame/find-kept.ts";
import { openCourier } from "../frame/open-courier.ts";
import { openCommandStore } from "../frame/open-command-store.ts";
import type { CancelChoice } from "./cancel-choice.ts";
import { endHold } from "./end-hold.ts";
import { endTask } from "./end-task.ts";

/** Ends a paused task or a hold for good. */
export async function cancelKept(context: CommandContext, id: string, options: CancelChoice): Promise<void> {
  const { via, kind } = options;
  const courier = via === undefined ? undefined : await openCourier(context, via);
  await using store = await openCommandStore(context, options, "write");
  const kept = await findKept(store, id, kind, context.signal);
  if (kept.kind === "task") {
    await endTask(context, { ...kept, store }, courier, options);
    return;
  }
  if (courier !== undefined) {
    throw new CommandError(
      exitCodes.usage,
      `${JSON.stringify(id)} is a hold, which no gateway knows: leave out --via. Nothing was changed.`,
    );
  }
  await endHold(context, { ...kept, location: store.location }, options);
}
