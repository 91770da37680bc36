/** A process that answers what a thread asks, as it is told, and says what came of it. */
import { appendFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

import { CheckpointError, openStore } from "@holdpoint/core";
import { Command } from "@langchain/langgraph";

import { HoldpointSaver } from "../src/holdpoint-saver.ts";
import { askedBy, refundGraph } from "./graphs.ts";

/** What a worker is told. */
export interface RaceOrder {
  readonly threadId: string;
  /** @default the thread is begun, until it asks */
  readonly answer?: string | undefined;
  readonly delayMs: number;
}

/** What a worker has to say. */
export interface RaceReport {
  readonly outcome: "done" | "conflict" | "asks";
  readonly log: readonly string[];
}

const [url = "", effectsFile = ""] = process.argv.slice(2);
const saver = new HoldpointSaver(await openStore(url));

process.on("message", (order: RaceOrder) => {
  void carryOut(order).then((report) => process.send?.(report));
});
process.on("disconnect", () => process.exit());
process.send?.("ready");

async function carryOut({ threadId, answer, delayMs }: RaceOrder): Promise<RaceReport> {
  // Appended in one piece, so that processes can share the file.
  const note = async (effect: string): Promise<void> => await appendFile(effectsFile, `${threadId} ${effect}\n`);
  const graph = refundGraph(saver, { pay: (by) => note(`pay ${by}`), notify: (by) => note(`notify ${by}`) });
  const config = { configurable: { thread_id: threadId }, durability: "sync" } as const;
  await delay(delayMs);
  try {
    const { log, ...rest } = await graph.invoke(
      answer === undefined ? { amount: 5 } : new Command({ resume: answer }),
      config,
    );
    return { outcome: askedBy(rest).length > 0 ? "asks" : "done", log };
  } catch (error) {
    if (CheckpointError.is(error, "conflict")) return { outcome: "conflict", log: [] };
    throw error;
  }
}
