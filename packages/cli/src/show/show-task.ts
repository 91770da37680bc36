import { findSentAnswers } from "@holdpoint/asya/gateway";

import type { CommandContext } from "../frame/command-context.ts";
import { toJsonLine } from "../frame/escape-controls.ts";
import type { Kept } from "../frame/find-kept.ts";
import { findKept } from "../frame/find-kept.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";
import { describeHold } from "./describe-hold.ts";
import { describeTask } from "./describe-task.ts";

/** Shows one task or hold, to a person or as one JSON document. */
export async function showTask(
  context: CommandContext,
  id: string,
  options: StoreChoice & { readonly json?: true | undefined; readonly kind?: Kept["kind"] | undefined },
): Promise<void> {
  await using store = await openCommandStore(context, options, "read");
  const { output, signal } = context;
  const kept = await findKept(store, id, options.kind, signal);
  const { location } = store;
  const sentAnswers = kept.kind === "task" ? await findSentAnswers(store, kept.task, { signal }) : [];
  if (options.json) {
    const details = kept.kind === "task" ? { id: kept.task.taskId, ...kept.task, sentAnswers } : kept.hold;
    await output.write(toJsonLine({ kind: kept.kind, ...details, store: location }));
  } else {
    await output.write(
      kept.kind === "task"
        ? describeTask(kept.task, sentAnswers, location, output)
        : describeHold(kept.hold, location, output),
    );
  }
}
