import { CheckpointError } from "../store/checkpoint-error.ts";
import type { OperationOptions } from "../store/checkpoint-store.ts";
import { HoldError } from "./hold-error.ts";
import { logged } from "./hold-log.ts";
import { notFound } from "./hold-refusal.ts";
import type { ActOptions, ActResult, Work } from "./holds.ts";
import type { Claim } from "./hold-document.ts";
import type { Located } from "./machine/hold-documents.ts";
import { expired, isOverdue } from "./overdue-hold.ts";
import type { ProgramHold } from "./program-documents.ts";
import type { ProgramMachine } from "./program-machine.ts";
import type { ActingHold, Owned } from "./run-work.ts";
import { runWork } from "./run-work.ts";
import { givenAnswer, isHold } from "./view-hold.ts";
import { watchClaim } from "./watch-claim.ts";

const defaultLeaseMs = 30_000;
const minLeaseMs = 100;

type Verdict<Result> =
  | { readonly claimed: ActingHold; readonly isFound?: boolean }
  | { readonly result: ActResult<Result> }
  | { readonly expired: true }
  | { readonly acting: ActingHold }
  | { readonly doubt: Extract<ProgramHold, { state: "in-doubt" }> };

/** A claim that somebody would like to have. */
type Wanted = Omit<Claim, "attempt" | "at">;

/**
 * {@link Holds.act}
 *
 * @param unstarted tokens of this process's claims that may have been written, and under which nothing has run
 */
export async function actOnHold<Result, Content>(
  machine: ProgramMachine,
  unstarted: Set<string>,
  id: string,
  work: (work: Work<Content>) => Promise<Result> | Result,
  actOptions: ActOptions,
): Promise<ActResult<Result>> {
  // Under a claim, it would leave the hold in doubt.
  if (typeof work !== "function") {
    throw new HoldError("invalid-argument", `work: expected a function, and found ${typeof work}. Nothing has run.`, {
      id,
    });
  }
  const { whenInDoubt = "stop", leaseMs = defaultLeaseMs, ifActing = "wait", ...options } = actOptions;
  const { newNonce, worker } = machine.environment;
  const wanted = { token: newNonce(), worker, leaseMs, whenInDoubt };
  const claim = await claimForWork<Result>(machine, unstarted, id, wanted, ifActing, options);
  return "result" in claim ? claim.result : await runWork(machine, claim, work, options);
}

/** A claim, with the version that it was written as; or what acting has come to. */
type ClaimForWork<Result> = Owned | { readonly result: ActResult<Result> };

/** Claims a hold for whoever acts; waits for the one who acts at the moment where that is wanted. */
export async function claimForWork<Result>(
  machine: ProgramMachine,
  unstarted: Set<string>,
  id: string,
  wanted: Wanted,
  ifActing: "wait" | "refuse",
  options: OperationOptions,
): Promise<ClaimForWork<Result>> {
  if (!(wanted.leaseMs >= minLeaseMs && wanted.leaseMs <= 2 ** 31 - 1)) {
    throw new HoldError("invalid-argument", `leaseMs: expected at least ${minLeaseMs} milliseconds.`);
  }
  /** The version whose worker was watched and found silent. */
  let silent: string | undefined;
  for (;;) {
    const silentVersion = silent;
    const { verdict, located } = await machine
      .change<Verdict<Result>>(
        {
          operation: "act on",
          id,
          find: (loadOptions) => machine.load(id, loadOptions),
          judge: (found) => judge(machine, id, found, wanted, silentVersion, unstarted),
        },
        options,
      )
      .catch((error: unknown) => {
        if (CheckpointError.is(error) && error.outcome === "unknown") unstarted.add(wanted.token);
        throw error;
      });
    if ("result" in verdict) return { result: verdict.result };
    if ("doubt" in verdict) throw inDoubt(verdict.doubt);
    if ("claimed" in verdict) {
      const isFirst = unstarted.delete(verdict.claimed.claim.token);
      // Of two calls of this process that find its claim, one runs.
      if (verdict.isFound === true && !isFirst && verdict.claimed.claim.token !== wanted.token) continue;
      return { claimed: verdict.claimed, version: located?.version ?? "" };
    }
    if ("expired" in verdict) continue;
    const { claim } = verdict.acting;
    if (ifActing === "refuse") throw acting(id, claim);
    silent = (await watchClaim(machine, id, claim, options)) === "silent" ? located?.version : undefined;
  }
}

function judge<Result>(
  machine: ProgramMachine,
  id: string,
  found: Located<ProgramHold> | undefined,
  wanted: Wanted,
  silentVersion: string | undefined,
  unstarted: Set<string>,
): { readonly verdict: Verdict<Result>; readonly next?: ProgramHold } {
  const document = found?.document;
  if (!isHold(document)) throw notFound(machine.store, id);
  if (document.state === "waiting") {
    const { environment } = machine;
    if (isOverdue(document, environment)) return { verdict: { expired: true }, next: expired(document, environment) };
    throw new HoldError("not-answered", `The hold ${JSON.stringify(id)} still waits for an answer; nothing has run.`, {
      id,
    });
  }
  if (document.state === "acting") {
    const { claim } = document;
    if (unstarted.has(claim.token) || claim.token === wanted.token)
      return { verdict: { claimed: document, isFound: true } };
    if (found?.version !== silentVersion) return { verdict: { acting: document } };
    return mayRunAgain(claim, wanted) ? claimAgain(machine, document, wanted) : { ...doubtSilence(machine, document) };
  }
  if (document.state === "answered") {
    const claimed = claimDocument(machine, document, wanted, document.attempts + 1);
    return { verdict: { claimed }, next: claimed };
  }
  if (document.state === "in-doubt") {
    return mayRunAgain(document.claim, wanted)
      ? claimAgain(machine, document, wanted)
      : { verdict: { doubt: document } };
  }
  return { verdict: { result: endResult<Result>(document) } };
}

function mayRunAgain(claim: Claim, wanted: Wanted): boolean {
  return claim.whenInDoubt === "again" && wanted.whenInDoubt === "again";
}

function claimAgain<Result>(
  machine: ProgramMachine,
  document: Extract<ProgramHold, { state: "acting" | "in-doubt" }>,
  wanted: Wanted,
): { readonly verdict: Verdict<Result>; readonly next: ProgramHold } {
  const claimed = claimDocument(machine, document, wanted, document.claim.attempt + 1);
  return { verdict: { claimed }, next: claimed };
}

function claimDocument(
  machine: ProgramMachine,
  document: Extract<ProgramHold, { state: "answered" | "acting" | "in-doubt" }>,
  wanted: Wanted,
  attempt: number,
): ActingHold {
  const { id, ask, answer } = document;
  const at = machine.environment.now().toISOString();
  const log = logged(document, machine.environment, { did: "claimed", by: wanted.worker, input: { attempt } });
  return { state: "acting", id, ask, answer, ...log, claim: { ...wanted, attempt, at } };
}

/** Writes down that a worker went silent, so that whoever looks sees it. */
function doubtSilence<Result>(
  machine: ProgramMachine,
  document: ActingHold,
): { readonly verdict: Verdict<Result>; readonly next: ProgramHold } {
  const { id, ask, answer, claim } = document;
  const at = machine.environment.now().toISOString();
  const log = logged(document, machine.environment, { did: "doubted", by: machine.environment.worker });
  const doubt = { state: "in-doubt", id, ask, answer, ...log, claim, doubt: { at, why: "went-silent" } } as const;
  return { verdict: { doubt }, next: doubt };
}

/** The error for a hold that somebody acts on. */
export function acting(id: string, { worker, at }: Claim): HoldError {
  return new HoldError(
    "acting",
    `The hold ${JSON.stringify(id)} is acted on by ${worker} since ${at}; nothing has run.`,
    { id, by: worker, at },
  );
}

function inDoubt({ id, claim, doubt }: Extract<ProgramHold, { state: "in-doubt" }>): HoldError {
  const why = doubt.why === "threw" ? `threw (${doubt.problem ?? ""})` : "went silent";
  return new HoldError(
    "in-doubt",
    `The hold ${JSON.stringify(id)} is in doubt: ${claim.worker} has acted since ${claim.at} and ${why}, and nobody knows whether it had its effect. Look what happened, and settle it; nothing has run.`,
    { id, by: claim.worker, at: claim.at },
  );
}

type Ended = Extract<ProgramHold, { state: "done" | "rejected" | "canceled" | "expired" | "stub" }>;

function endResult<Result>(document: Ended): ActResult<Result> {
  const { id } = document;
  if (document.state === "done") {
    const { receipt } = document;
    return receipt.kept
      ? { outcome: "done", id, ran: false, receipt: receipt.value as Result | undefined }
      : { outcome: "done", id, ran: false, receipt: undefined, omitted: receipt.omitted };
  }
  const outcome = document.state === "stub" ? document.ended : document.state;
  if (outcome === "done") return { outcome, id, ran: false, receipt: undefined, omitted: "pruned" };
  const { at, by, reason } = document.end;
  const answer = document.state === "rejected" ? givenAnswer(document.answer) : undefined;
  return { outcome, id, at: new Date(at), by, reason, answer };
}
