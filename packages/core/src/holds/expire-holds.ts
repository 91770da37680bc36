import { expired, isOverdue } from "./hold-expiry.ts";
import type { ExpireCounts, ExpireOptions } from "./holds.ts";
import { scanHolds } from "./machine/scan-holds.ts";
import type { ProgramMachine } from "./program-machine.ts";

/** {@link Holds.expire} */
export async function expireHolds(machine: ProgramMachine, expireOptions: ExpireOptions): Promise<ExpireCounts> {
  const { dryRun = false, onProgress, ...options } = expireOptions;
  const { environment } = machine;
  const counts = { examined: 0, expired: 0, answered: 0 };
  const outcomes = scanHolds(machine, options, async ({ id, located }) => {
    const document = located?.document;
    if (document?.state !== "waiting" || !isOverdue(document, environment)) return "kept";
    const outcome = document.ask.expiry?.answer === undefined ? "expired" : "answered";
    if (dryRun) return outcome;
    const { verdict } = await machine.change<"kept" | "expired" | "answered">(
      {
        operation: "expire",
        id,
        find: (loadOptions) => machine.load(id, loadOptions),
        // An answer that came meanwhile was in time.
        judge: (now) =>
          now?.document.state === "waiting" && isOverdue(now.document, environment)
            ? { verdict: outcome, next: expired(now.document, environment) }
            : { verdict: "kept" },
      },
      options,
    );
    return verdict;
  });
  for await (const outcome of outcomes) {
    counts.examined += 1;
    if (outcome !== "kept") counts[outcome] += 1;
    onProgress?.({ ...counts });
  }
  return counts;
}
