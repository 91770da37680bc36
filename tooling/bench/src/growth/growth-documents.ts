import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { createPauseLedger } from "@holdpoint/asya";
import { createMemoryStore, openStore } from "@holdpoint/core";

import { runInFlight } from "../run-in-flight.ts";

const templateId = "task-template";
const writesInFlight = 64;

/** The task ids of so many documents. */
export function taskIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `task-${index.toString().padStart(7, "0")}`);
}

/** What the ledger keeps of one task. */
export interface LedgerDocument {
  readonly key: string;
  readonly text: string;
}

/** The documents of so many tasks, of which a share has ended. */
export async function ledgerDocuments(
  count: number,
  { endedShare }: { readonly endedShare: number },
): Promise<readonly LedgerDocument[]> {
  const template = await documentTemplates();
  return taskIds(count).map((id, index) => {
    const isEnded = endedShare > 0 && index % (1 / endedShare) === 0;
    const text = isEnded ? template.ended : template.paused;
    return { key: `paused/${id}.json`, text: text.replaceAll(templateId, id) };
  });
}

/** Fills a store with documents of the ledger, the quickest way that leaves what the ledger would have left. */
export async function seedDocuments(
  backend: string,
  url: string,
  environment: Readonly<Record<string, string>>,
  documents: readonly LedgerDocument[],
): Promise<void> {
  if (backend === "file") {
    // Plain files are values as well, and a hundred thousand durable writes would take minutes.
    await mkdir(dirname(join(url, "paused/x")), { recursive: true });
    await runInFlight(documents, writesInFlight, ({ key, text }) => writeFile(join(url, key), text));
    return;
  }
  await using store = await openStore(url, { environment: { ...process.env, ...environment } });
  await runInFlight(documents, writesInFlight, ({ key, text }) => store.put(key, Buffer.from(text)));
}

/** What the ledger writes for a task that waits, and for one that has gone on. */
async function documentTemplates(): Promise<{ readonly paused: string; readonly ended: string }> {
  await using store = await createMemoryStore();
  const ledger = createPauseLedger(store, { now: () => new Date("2026-01-31T12:00:00Z") });
  const key = `paused/${templateId}.json`;
  const read = async (): Promise<string> => Buffer.from((await store.get(key))?.body ?? "").toString();
  await ledger.pause({
    id: templateId,
    route: { prev: ["analyzer"], curr: "x-pause", next: ["summarizer"] },
    headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    payload: { analysis: "fine", text: "x".repeat(500) },
  });
  const paused = await read();
  await ledger.resume({
    id: "answer",
    route: { prev: [], curr: "x-resume", next: [] },
    headers: { "x-asya-resume-task": templateId },
    payload: { approved: true },
  });
  return { paused, ended: await read() };
}
