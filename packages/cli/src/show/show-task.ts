import { createPauseLedger } from "@holdpoint/asya";

import type { CommandContext } from "../frame/command-context.ts";
import { toJsonLine } from "../frame/escape-controls.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";
import { requireTask } from "../frame/require-task.ts";
import { describeTask } from "./describe-task.ts";

/** Shows one task, to a person or as one JSON document. */
export async function showTask(
  context: CommandContext,
  id: string,
  options: StoreChoice & { readonly json?: true | undefined },
): Promise<void> {
  await using store = await openCommandStore(context, options, "read");
  const task = await requireTask(createPauseLedger(store), store, id, context.signal);
  const text = options.json
    ? toJsonLine({ ...task, store: store.location })
    : describeTask(task, store.location, context.output);
  await context.output.write(text);
}
