import type { ExpireCounts, ExpireOptions } from "./holds.ts";
import { scanHolds } from "./machine/scan-holds.ts";
import { expired, isOverdue } from "./overdue-hold.ts";
import type { ProgramHold } from "./program-documents.ts";
import type { ProgramMachine } from "./program-machine.ts";

type Outcome = "kept" | "expired" | "answered";
type ExpireOneOptions = Omit<ExpireOptions, "id" | "onProgress">;

/** {@link Holds.expire} */
export async function expireHolds(machine: ProgramMachine, expireOptions: ExpireOptions): Promise<ExpireCounts> {
  const { id: only, onProgress, ...options } = expireOptions;
  const counts = { examined: 0, expired: 0, answered: 0 };
  const outcomes =
    only === undefined
      ? scanHolds(machine, options, async ({ id, located }) => await expireOne(machine, id, located?.document, options))
      : expireNamed(machine, only, options);
  for await (const outcome of outcomes) {
    counts.examined += 1;
    if (outcome !== "kept") counts[outcome] += 1;
    onProgress?.({ ...counts });
  }
  return counts;
}

async function* expireNamed(machine: ProgramMachine, id: string, options: ExpireOneOptions): AsyncIterable<Outcome> {
  const located = await machine.load(id, options);
  if (located !== undefined) yield await expireOne(machine, id, located.document, options);
}

async function expireOne(
  machine: ProgramMachine,
  id: string,
  document: ProgramHold | undefined,
  { dryRun = false, ...options }: ExpireOneOptions,
): Promise<Outcome> {
  const { environment } = machine;
  if (document?.state !== "waiting" || !isOverdue(document, environment)) return "kept";
  const outcome = document.ask.expiry?.answer === undefined ? "expired" : "answered";
  if (dryRun) return outcome;
  const { verdict } = await machine.change<Outcome>(
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
}
