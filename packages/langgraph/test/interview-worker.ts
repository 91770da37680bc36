/** A process that takes interviews up wherever they are, one thread after the other, until it is killed. */
import { appendFileSync } from "node:fs";

import { openStore } from "@holdpoint/core";
import { HumanMessage } from "@langchain/core/messages";
import { Command } from "@langchain/langgraph";

import { HoldpointSaver } from "../src/holdpoint-saver.ts";
import { askedBy } from "./graphs.ts";
import { interviewGraph } from "./interviews.ts";

const [url = "", journal = "", firstThread = "0"] = process.argv.slice(2);
const saver = new HoldpointSaver(await openStore(url));
const graph = interviewGraph(saver);

// Before the next thing happens, so that no kill can hide what was done.
const note = (entry: readonly unknown[]): void => appendFileSync(journal, `${JSON.stringify(entry)}\n`);

process.send?.("ready");
for (let thread = Number(firstThread); ; thread += 1) await interview(`thread-${thread}`);

async function interview(threadId: string): Promise<void> {
  const config = { configurable: { thread_id: threadId }, durability: "sync" } as const;
  const isNew = (await saver.getTuple(config)) === undefined;
  let result: object = await graph.invoke(isNew ? { messages: [new HumanMessage("go")] } : null, config);
  for (let [asked] = askedBy(result); asked !== undefined; [asked] = askedBy(result)) {
    const { value } = asked;
    note(["asked", threadId, value]);
    result = await graph.invoke(new Command({ resume: `answer to ${value}` }), config);
  }
  note(["done", threadId]);
  process.send?.("done");
}
