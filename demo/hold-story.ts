import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";

import { isCancel, select } from "@clack/prompts";
import type { CheckpointStore } from "@holdpoint/core";
import { openStore } from "@holdpoint/core";
import type { Holds } from "@holdpoint/core/holds";
import { createHolds, HoldError } from "@holdpoint/core/holds";

import { hasTerminal } from "./ask-person.ts";

/** Tells how a program asks a person, is killed anywhere, and acts once. */
export async function tellHolds(store: string | undefined, directory: string): Promise<void> {
  const url = store ?? pathToFileURL(join(directory, "state")).href;
  if (store === undefined) await mkdir(join(directory, "state"));
  await using opened = await openStore(url);
  if (opened.backend === "memory") throw new Error("a memory: store cannot be shared by processes; choose another.");
  const story = new HoldStory(opened, url, join(directory, "payments.txt"));
  try {
    await story.tell();
  } finally {
    await story.cleanUp();
  }
}

class HoldStory {
  readonly #store: CheckpointStore;
  readonly #holds: Holds;
  readonly #url: string;
  readonly #book: string;
  readonly #ids = [`refund-${randomUUID().slice(0, 8)}`, `refund-${randomUUID().slice(0, 8)}`] as const;
  readonly #programs = new Set<ChildProcess>();

  constructor(store: CheckpointStore, url: string, book: string) {
    this.#store = store;
    this.#holds = createHolds(store);
    this.#url = url;
    this.#book = book;
  }

  async tell(): Promise<void> {
    const [id, second] = this.#ids;
    await writeFile(this.#book, "");
    console.log("Holdpoint demo: a program asks a person, is killed, and pays once. No server, no framework.");
    console.log(`Store: ${this.#store.location}\n`);

    const asking = this.#start(id);
    await this.#untilAsked(id);
    await kill(asking);
    console.log(`1. The program asks "Refund 5000?" and waits. kill -9. All that is left is holds/${id}.json:`);
    const { state, message, content } = (await this.#holds.inspect(id)) ?? {};
    console.log(`   ${JSON.stringify({ state, message, content })}`);

    const waiting = this.#start(id);
    const decision = await decide();
    await this.#holds.answer(id, { decision }, { by: "ada" });
    console.log(`2. It runs again from the top, asks nothing twice, and waits. Ada answers: ${decision}.`);
    const refusal = await refusalOf(this.#holds.answer(id, { decision: "reject" }, { by: "bob" }));
    if (refusal !== undefined) console.log(`3. Bob answers as well, and is refused:\n   ${refusal}`);

    const first = await printed(waiting);
    console.log(`4. The program acts: ${first}`);
    console.log(`   It runs once more: ${await printed(this.#start(id))}`);
    await this.#showBook();
    if (decision === "reject") {
      console.log("\nNothing was paid, and nothing will be. Run it again and approve for the rest of the story.");
      return;
    }

    await this.#holds.open(second, askFor(second));
    await this.#holds.answer(second, { decision: "approve" }, { by: "ada" });
    await once(this.#start(second, "paid"), "exit");
    console.log(
      "\n5. Another refund, approved. kill -9 right after the payment, before anybody could write that down.",
    );
    const doubt = await refusalOf(this.#holds.act(second, () => "paid again", { leaseMs: 1_000 }));
    if (doubt === undefined) throw new Error("what was in doubt has run again");
    console.log(`   Whoever acts now runs nothing:\n   ${doubt}`);
    await this.#showBook();

    await this.#holds.settle(second, { applied: true, receipt: { paid: 5000 } }, { by: "ada" });
    console.log(
      `6. Ada has looked into the book and settles it. The program runs again: ${await printed(this.#start(second))}`,
    );
    await this.#showBook();
    console.log("\nAsked once, answered once, paid once. The same for your own program: docs/holds.md");
  }

  async cleanUp(): Promise<void> {
    for (const program of this.#programs) program.kill("SIGKILL");
    for await (const { key } of this.#store.list({ prefix: "holds/" })) {
      if (this.#ids.some((id) => key.startsWith(`holds/${id}`))) await this.#store.delete(key);
    }
  }

  #start(id: string, killedAt?: "paid"): ChildProcess {
    const script = fileURLToPath(new URL("./programs/refund.ts", import.meta.url));
    const args = [script, this.#url, this.#book, id, ...(killedAt === undefined ? [] : [killedAt])];
    const program = spawn(process.execPath, [...process.execArgv, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    this.#programs.add(program);
    program.once("exit", () => this.#programs.delete(program));
    return program;
  }

  async #untilAsked(id: string): Promise<void> {
    while ((await this.#holds.inspect(id)) === null) await sleep(50);
  }

  async #showBook(): Promise<void> {
    const lines = (await readFile(this.#book, "utf8")).trim().split("\n");
    console.log(`   The payee's book:\n${lines.map((line) => `   | ${line}`).join("\n")}`);
  }
}

function askFor(id: string): { readonly ask: { readonly message: string }; readonly content: object } {
  return { ask: { message: "Refund 5000?" }, content: { order: id, amount: 5000 } };
}

async function decide(): Promise<string> {
  if (!hasTerminal) return "approve";
  const options = ["approve", "reject"].map((value) => ({ value, label: value }));
  const decision = await select({ message: "Refund 5000?", options });
  if (isCancel(decision)) throw new Error("No answer was given; the question waits on.");
  return decision;
}

async function kill(program: ChildProcess): Promise<void> {
  const ended = once(program, "exit");
  program.kill("SIGKILL");
  await ended;
}

/** What a program says at its end. */
async function printed(program: ChildProcess): Promise<string> {
  const ended = once(program, "exit");
  const text = program.stdout === null ? "" : await readText(program.stdout);
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`the program ended with code ${String(code)}`);
  return text.trim();
}

async function refusalOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof HoldError) return error.message;
    throw error;
  }
}
