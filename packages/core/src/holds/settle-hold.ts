import { jsonProblem } from "../json/json-problem.ts";
import { canonicalJson } from "../json/lossless-json.ts";
import { acting } from "./act-on-hold.ts";
import { HoldError } from "./hold-error.ts";
import { logged } from "./hold-log.ts";
import { notFound } from "./hold-refusal.ts";
import type { SettleOptions, Settlement } from "./holds.ts";
import type { Located } from "./machine/hold-documents.ts";
import type { Doer } from "./person.ts";
import { personName, readDoer } from "./person.ts";
import type { ProgramHold } from "./program-documents.ts";
import type { ProgramMachine } from "./program-machine.ts";
import type { ActingHold } from "./run-work.ts";
import { isHold, stateOf } from "./view-hold.ts";
import { watchClaim } from "./watch-claim.ts";

type Verdict = boolean | { readonly acting: ActingHold };

/** Who settles, and what they have seen. */
interface Settler {
  readonly doer: Doer;
  readonly reason: string | undefined;
  readonly attempt: number | undefined;
  readonly silentVersion: string | undefined;
}

/** {@link Holds.settle} */
export async function settleHold(
  machine: ProgramMachine,
  id: string,
  settlement: Settlement,
  settleOptions: SettleOptions,
): Promise<boolean> {
  const { by, via, reason, attempt, ifActing = "wait", ...options } = settleOptions;
  const doer = readDoer({ by, via });
  assertSettlement(settlement);
  if (attempt !== undefined && !(Number.isSafeInteger(attempt) && attempt >= 1)) {
    throw new HoldError("invalid-argument", `attempt is ${attempt}; expected a whole number from 1.`);
  }
  let silent: string | undefined;
  for (;;) {
    const silentVersion = silent;
    const { verdict, located } = await machine.change<Verdict>(
      {
        operation: "settle",
        id,
        find: (loadOptions) => machine.load(id, loadOptions),
        judge: (found) => judge(machine, id, found, settlement, { doer, reason, attempt, silentVersion }),
      },
      options,
    );
    if (typeof verdict === "boolean") return verdict;
    const { claim } = verdict.acting;
    if (ifActing === "refuse") throw acting(id, claim);
    silent = (await watchClaim(machine, id, claim, options)) === "silent" ? located?.version : undefined;
  }
}

function judge(
  machine: ProgramMachine,
  id: string,
  found: Located<ProgramHold> | undefined,
  settlement: Settlement,
  who: Settler,
): { readonly verdict: Verdict; readonly next?: ProgramHold } {
  const document = found?.document;
  if (!isHold(document)) throw notFound(machine.store, id);
  if ("claim" in document && who.attempt !== undefined && document.claim.attempt !== who.attempt) {
    throw new HoldError(
      "not-in-doubt",
      `What happened at attempt ${who.attempt} of the hold ${JSON.stringify(id)} settles nothing: it is ${stateOf(document)}, at attempt ${document.claim.attempt}. Look again.`,
      { id },
    );
  }
  if (document.state === "acting" && found?.version !== who.silentVersion) return { verdict: { acting: document } };
  if (document.state === "acting" || document.state === "in-doubt") {
    return { verdict: true, next: settled(machine, document, settlement, who) };
  }
  if (document.state === "done" && document.settled && settlement.applied) {
    const kept = document.receipt.kept ? document.receipt.value : undefined;
    if (canonicalJson({ kept }) === canonicalJson({ kept: settlement.receipt })) return { verdict: false };
  }
  const end = "end" in document ? ` by ${personName(document.end.by)} at ${document.end.at}` : "";
  throw new HoldError(
    "not-in-doubt",
    `The hold ${JSON.stringify(id)} is not in doubt, so there is nothing to settle: it is ${stateOf(document)}${end}.`,
    { id, ...("end" in document ? { by: document.end.by, at: document.end.at } : {}) },
  );
}

function settled(
  machine: ProgramMachine,
  document: Extract<ProgramHold, { state: "acting" | "in-doubt" }>,
  settlement: Settlement,
  { doer, reason }: Settler,
): ProgramHold {
  const { id, ask, answer, claim } = document;
  const input = { applied: settlement.applied, ...(reason === undefined ? {} : { reason }) };
  const log = logged(document, machine.environment, { did: "settled", ...doer, input });
  if (!settlement.applied) return { state: "answered", id, ask, answer, ...log, attempts: claim.attempt };
  const { receipt: value } = settlement;
  const receipt = { kept: true, ...(value === undefined ? {} : { value }) } as const;
  const end = { at: machine.environment.now().toISOString(), by: doer.by, ...(reason === undefined ? {} : { reason }) };
  return { state: "done", id, ask, answer, ...log, claim, receipt, end, settled: true };
}

function assertSettlement(settlement: Settlement): void {
  if (typeof settlement?.applied !== "boolean") {
    throw new HoldError("invalid-argument", "The settlement: expected { applied: true } or { applied: false }.");
  }
  if (!settlement.applied || settlement.receipt === undefined) return;
  const problem = jsonProblem(settlement.receipt, "receipt");
  if (problem !== undefined) throw new HoldError("invalid-argument", `receipt: expected JSON, and ${problem}.`);
}
