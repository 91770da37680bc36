// A process that pauses and resumes as it is told, for tests that race several of it or kill it.
import { openStore } from "@holdpoint/core";

import { createPauseLedger } from "../src/create-pause-ledger.ts";
import { LedgerError } from "../src/ledger-error.ts";
import { pauseEnvelope, resumeEnvelope } from "./ledger-fixture.ts";

/** What a worker is told: which step of which task, and under which message id it answers. */
export interface WorkerOrder {
  readonly step: "pause" | "resume";
  readonly taskId: string;
  readonly answerId: string;
}

/** What a worker has to say to an order. */
export interface WorkerReport extends WorkerOrder {
  readonly outcome: string;
  /** The message that went on, as text. */
  readonly message?: string;
}

const store = await openStore(process.argv[2] ?? "");
const ledger = createPauseLedger(store);

process.on("message", (order: WorkerOrder) => {
  void carryOut(order).then((report) => process.send?.({ ...order, ...report }));
});
process.on("disconnect", () => process.exit());
process.send?.("ready");

async function carryOut({ step, taskId, answerId }: WorkerOrder): Promise<{ outcome: string; message?: string }> {
  if (step === "pause") return { outcome: (await ledger.pause(pauseEnvelope({ id: taskId }))).outcome };
  const headers = { "x-asya-resume-task": taskId };
  try {
    const { outcome, message } = await ledger.resume(
      resumeEnvelope({ id: answerId, headers, payload: { answeredBy: answerId } }),
    );
    return { outcome, message: JSON.stringify(message) };
  } catch (error) {
    if (LedgerError.is(error)) return { outcome: error.code };
    throw error;
  }
}
