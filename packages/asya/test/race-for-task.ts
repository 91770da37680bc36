import type { LedgerWorker } from "./start-worker.ts";

/** Pauses a task and lets all workers answer it at once; resolves to how many of them had each outcome. */
export async function raceForTask(
  workers: readonly LedgerWorker[],
  taskId: string,
): Promise<Readonly<Record<string, number>>> {
  await workers[0]?.order({ step: "pause", taskId, answerId: "" });
  const reports = await Promise.all(
    workers.map((worker, index) => worker.order({ step: "resume", taskId, answerId: `answer-${index}` })),
  );
  const counts: Record<string, number> = {};
  for (const outcome of reports.map((report) => report?.outcome ?? "killed")) {
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}
