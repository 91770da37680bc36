import type { ExpireCounts } from "@holdpoint/core/holds";
import { createHolds } from "@holdpoint/core/holds";

import type { CommandContext } from "../frame/command-context.ts";
import { toJsonLine } from "../frame/escape-controls.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";

/** Options of `holdpoint expire`. */
export interface ExpireChoice extends StoreChoice {
  readonly dryRun?: true | undefined;
  readonly json?: true | undefined;
}

/** Applies every expiry whose time is over, or counts them. */
export async function expireHolds(context: CommandContext, options: ExpireChoice): Promise<void> {
  const { output, messages, signal } = context;
  const { dryRun = false } = options;
  await using store = await openCommandStore(context, options, dryRun ? "read" : "write");
  let counted: ExpireCounts = { examined: 0, expired: 0, answered: 0 };
  try {
    await createHolds(store).expire({
      dryRun,
      signal,
      onProgress(soFar) {
        counted = soFar;
        void messages.progress(sentence(soFar, dryRun));
      },
    });
  } finally {
    await messages.progress("");
    // Also where it was interrupted: what is done is done.
    if (options.json) await output.write(toJsonLine({ ...counted, dryRun }));
    else await output.write(`${sentence(counted, dryRun)}\n`);
  }
}

function sentence({ examined, expired, answered }: ExpireCounts, dryRun: boolean): string {
  const would = dryRun ? "would have " : "";
  return `Examined ${examined} holds, ${would}ended ${expired}, ${would}answered ${answered}.`;
}
