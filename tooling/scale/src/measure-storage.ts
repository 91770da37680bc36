import { openStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";

import { hasSucceeded } from "../../load/src/format-report.ts";
import type { LoadProgress, LoadReport, LoadSize } from "../../load/src/run-load.ts";
import { runLoad } from "../../load/src/run-load.ts";
import type { MeasuredServer } from "./measured-server.ts";
import type { ServerUsage } from "./server-usage.ts";

/** What documents take, in bytes. */
export interface StorageFigures {
  readonly tasks: number;
  /** The bodies of documents, on average of the first hundred; a hold asks with as much text as a task carries. */
  readonly bodyBytes: {
    readonly waiting: number;
    readonly ended: number;
    readonly waitingHold: number;
    readonly doneHold: number;
  };
  /** What the server took with no task, with all of them waiting, with all of them ended, and once they were pruned. */
  readonly usage: {
    readonly empty: ServerUsage;
    readonly waiting: ServerUsage;
    readonly ended: ServerUsage;
    readonly pruned: ServerUsage;
  };
}

const sampledDocuments = 100;

/**
 * Puts tasks through an empty server, and asks it between the steps what it takes for them.
 *
 * @throws {Error} if a step does not do to every task what it should
 */
export async function measureStorage(
  { storeUrl, usage }: MeasuredServer,
  size: LoadSize,
  onProgress: (progress: LoadProgress) => void,
): Promise<{ readonly report: LoadReport; readonly figures: StorageFigures }> {
  // A table or a bucket that is empty takes something, too.
  await (await openStore(storeUrl)).close();
  const empty = await usage();
  const after = new Map<LoadProgress["step"], { readonly taken: ServerUsage; readonly body: number }>();
  const report = await runLoad(storeUrl, size, async (progress) => {
    onProgress(progress);
    if (!progress.ended) return;
    after.set(progress.step, { taken: await usage(), body: await meanBodyBytes(storeUrl, "paused/") });
  });
  if (!hasSucceeded(report)) throw new Error(report.problems.join("\n"));
  const [paused, resumed, , pruned] = after.values();
  if (paused === undefined || resumed === undefined || pruned === undefined) throw new Error("A step is missing.");
  const hold = await holdBodyBytes(storeUrl, size.payloadBytes);
  return {
    report,
    figures: {
      tasks: size.documents,
      bodyBytes: { waiting: paused.body, ended: resumed.body, waitingHold: hold.waiting, doneHold: hold.done },
      usage: { empty, waiting: paused.taken, ended: resumed.taken, pruned: pruned.taken },
    },
  };
}

async function holdBodyBytes(storeUrl: string, messageBytes: number): Promise<{ waiting: number; done: number }> {
  await using store = await openStore(storeUrl);
  const holds = createHolds(store);
  await holds.open("refund", { ask: { message: "m".repeat(messageBytes) } });
  const waiting = await meanBodyBytes(storeUrl, "holds/");
  await holds.answer("refund", { decision: "approve" });
  await holds.act("refund", () => "paid");
  return { waiting, done: await meanBodyBytes(storeUrl, "holds/") };
}

/** Of the first documents with a prefix; 0 if there is none. */
async function meanBodyBytes(storeUrl: string, prefix: string): Promise<number> {
  await using store = await openStore(storeUrl, { access: "read" });
  let documents = 0;
  let bytes = 0;
  for await (const { key } of store.list({ prefix })) {
    bytes += (await store.get(key))?.body.byteLength ?? 0;
    documents += 1;
    if (documents === sampledDocuments) break;
  }
  return Math.round(bytes / Math.max(1, documents));
}
