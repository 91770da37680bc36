import { createPauseLedger } from "@holdpoint/asya";
import type { ExpireCounts } from "@holdpoint/core/holds";
import { createHolds } from "@holdpoint/core/holds";

import type { CommandContext } from "../frame/command-context.ts";
import { toJsonLine } from "../frame/escape-controls.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";
import { openCourier } from "../frame/open-courier.ts";
import type { ExpiredTasks } from "./expire-tasks.ts";
import { expireTasks } from "./expire-tasks.ts";

/** Options of `holdpoint expire`. */
export interface ExpireChoice extends StoreChoice {
  readonly via?: string | undefined;
  readonly print?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly json?: true | undefined;
}

/** Applies every expiry whose time is over, of holds and of tasks, or counts them. */
export async function expireKept(context: CommandContext, options: ExpireChoice): Promise<void> {
  const { output, messages, signal } = context;
  const { via, print = false, dryRun = false } = options;
  const courier = via === undefined || dryRun ? undefined : await openCourier(context, via);
  await using store = await openCommandStore(context, options, dryRun ? "read" : "write");
  let holds: ExpireCounts = { examined: 0, expired: 0, answered: 0 };
  const tasks: ExpiredTasks = { due: 0, canceled: 0, sent: 0, printed: 0, left: 0 };
  try {
    await createHolds(store).expire({
      dryRun,
      signal,
      onProgress(soFar) {
        holds = soFar;
        void messages.progress(sentence(soFar, dryRun));
      },
    });
    await expireTasks(context, { ledger: createPauseLedger(store), courier, print, dryRun }, tasks);
  } finally {
    await messages.progress("");
    // Also where it was interrupted: what is done is done. Whoever takes printed messages wants nothing else there.
    const summary = `${sentence(holds, dryRun)}\n${tasks.due === 0 ? "" : `${tasksSentence(tasks, dryRun)}\n`}`;
    if (options.json) await output.write(toJsonLine({ ...holds, dryRun, tasks }));
    else await (print ? messages : output).write(summary);
  }
}

function sentence({ examined, expired, answered }: ExpireCounts, dryRun: boolean): string {
  const would = dryRun ? "would have " : "";
  return `Examined ${examined} holds, ${would}ended ${expired}, ${would}answered ${answered}.`;
}

function tasksSentence({ due, canceled, sent, printed, left }: ExpiredTasks, dryRun: boolean): string {
  if (dryRun) return `The time of ${due} tasks is over.`;
  const waiting = left === 0 ? "" : ` Left waiting: ${left}.`;
  return `The time of ${due} tasks is over: canceled ${canceled}, answers sent ${sent}, printed ${printed}.${waiting}`;
}
