import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { BaseMessage } from "@langchain/core/messages";
import { RESUME } from "@langchain/langgraph-checkpoint";
import { describe, expect, it } from "vitest";

import { temporaryDirectory } from "../../../test/every-store.ts";
import { HoldpointSaver } from "../src/holdpoint-saver.ts";
import { interviewGraph, questions } from "./interviews.ts";
import { isWhole, shareableStores } from "./stores-of-tests.ts";

const kills = isWhole ? 200 : 6;
const longestLifeMs = 120;

describe.each(shareableStores("file", "redis"))("on $name", (store) => {
  it.skipIf(store.isMissing)(
    `a graph with three interrupts is killed ${kills} times: it goes on, and asks nothing again that was answered`,
    { timeout: 3_600_000 },
    async () => {
      await using place = await store.place();
      await using directory = await temporaryDirectory();
      const journal = join(directory.path, "journal");
      await writeFile(journal, "");
      const saver = new HoldpointSaver(place.store);
      /** Whatever was answered when a process was killed, as the thread itself tells. */
      const answered = new Map<string, number>();
      let [done, seen] = [0, 0];
      for (let kill = 0; kill <= kills; kill += 1) {
        const child = fork(new URL("./interview-worker.ts", import.meta.url), [place.url, journal, String(done)]);
        const ended = once(child, "exit");
        await Promise.race([once(child, "message"), ended]);
        // The last one lives until the thread at hand is done.
        await (kill < kills ? delay(Math.random() * longestLifeMs) : Promise.race([once(child, "message"), ended]));
        child.kill("SIGKILL");
        expect(await ended, "it ended by itself").toEqual([null, "SIGKILL"]);
        const entries = await readJournal(journal);
        // What is new since the last kill asks for nothing that was answered by then.
        for (const [what, thread, question = ""] of entries.slice(seen)) {
          if (what === "asked") expect(questions.indexOf(question)).toBeGreaterThanOrEqual(answered.get(thread) ?? 0);
        }
        done = entries.filter(([what]) => what === "done").length;
        answered.set(`thread-${done}`, await answersOf(saver, `thread-${done}`));
        seen = entries.length;
      }
      expect(done).toBeGreaterThan(0);
      for (let thread = 0; thread < done; thread += 1) {
        const { values } = await interviewGraph(saver).getState({ configurable: { thread_id: `thread-${thread}` } });
        const said = (values.messages as readonly BaseMessage[]).map(({ text }) => text);
        expect(said.filter((text) => text.startsWith("answer"))).toEqual(
          questions.map((question) => `answer to ${question}`),
        );
        expect(said).toHaveLength(8);
      }
    },
  );
});

type Entry = readonly [what: "asked" | "done", thread: string, question?: string];

async function readJournal(path: string): Promise<readonly Entry[]> {
  const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Entry);
}

/** How many questions of a thread have been answered, be it that nothing has come of the last answer yet. */
async function answersOf(saver: HoldpointSaver, threadId: string): Promise<number> {
  const tuple = await saver.getTuple({ configurable: { thread_id: threadId } });
  const messages = (tuple?.checkpoint.channel_values["messages"] ?? []) as readonly { readonly content: unknown }[];
  const taken = messages.filter(({ content }) => String(content).startsWith("answer")).length;
  return taken + (tuple?.pendingWrites?.some(([, channel]) => channel === RESUME) === true ? 1 : 0);
}
