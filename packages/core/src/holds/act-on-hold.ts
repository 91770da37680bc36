import { jsonProblem } from "../json/json-problem.ts";
import { CheckpointError } from "../store/checkpoint-error.ts";
import type { OperationOptions } from "../store/checkpoint-store.ts";
import type { StoredAnswer } from "./hold-answer.ts";
import { restoreBytes } from "./hold-ask.ts";
import { HoldError } from "./hold-error.ts";
import { logged } from "./hold-log.ts";
import { notFound } from "./hold-refusal.ts";
import type { ActOptions, ActResult, Work } from "./holds.ts";
import type { ActingDocument, Claim, Receipt } from "./machine/hold-document.ts";
import { NotApplied } from "./not-applied.ts";
import type { ProgramHold } from "./program-documents.ts";
import type { ProgramMachine } from "./program-machine.ts";
import { givenAnswer, isHold } from "./view-hold.ts";
import type { StoredAsk } from "./hold-ask.ts";

const leaseMs = 30_000;

type Acting = ActingDocument<StoredAsk, StoredAnswer>;

type Verdict<Result> = { readonly claimed: Acting } | { readonly result: ActResult<Result> };

/** A claim that has been written, and the version that it was written as. */
interface Owned {
  readonly claimed: Acting;
  readonly version: string;
}

/** {@link Holds.act} */
export async function actOnHold<Result, Content>(
  machine: ProgramMachine,
  id: string,
  work: (work: Work<Content>) => Promise<Result> | Result,
  actOptions: ActOptions,
): Promise<ActResult<Result>> {
  const { whenInDoubt = "stop", ...options } = actOptions;
  const claim = {
    token: machine.environment.newNonce(),
    worker: machine.environment.worker,
    leaseMs,
    whenInDoubt,
  };
  const { verdict, located } = await machine.change<Verdict<Result>>(
    (loadOptions) => machine.load(id, loadOptions),
    (found) => {
      const document = found?.document;
      if (!isHold(document)) throw notFound(machine.store, id);
      return judge(machine, document, claim);
    },
    options,
  );
  if ("result" in verdict) return verdict.result;
  return await runWork(machine, { claimed: verdict.claimed, version: located?.version ?? "" }, work, options);
}

function judge<Result>(
  machine: ProgramMachine,
  document: ProgramHold,
  claim: Omit<Claim, "attempt" | "at">,
): { readonly verdict: Verdict<Result>; readonly next?: ProgramHold } {
  const { id } = document;
  const hold = `The hold ${JSON.stringify(id)}`;
  if (document.state === "waiting") {
    throw new HoldError("not-answered", `${hold} still waits for an answer; nothing has run.`, { id });
  }
  if (document.state === "acting") {
    const { worker, at } = document.claim;
    throw new HoldError("acting", `${hold} is acted on by ${worker} since ${at}; nothing has run.`, {
      id,
      by: worker,
      at,
    });
  }
  if (document.state === "answered") {
    const claimed = claimDocument(machine, document, claim, document.attempts + 1);
    return { verdict: { claimed }, next: claimed };
  }
  if (document.state === "in-doubt") {
    if (document.claim.whenInDoubt === "stop" || claim.whenInDoubt === "stop") throw inDoubt(document);
    const claimed = claimDocument(machine, document, claim, document.claim.attempt + 1);
    return { verdict: { claimed }, next: claimed };
  }
  const result = endResult<Result>(document);
  if (result === undefined) throw notFound(machine.store, id);
  return { verdict: { result } };
}

function claimDocument(
  machine: ProgramMachine,
  document: Extract<ProgramHold, { state: "answered" | "in-doubt" }>,
  claim: Omit<Claim, "attempt" | "at">,
  attempt: number,
): Acting {
  const { id, ask, answer } = document;
  const at = machine.environment.now().toISOString();
  const log = logged(document, machine.environment, { did: "claimed", by: claim.worker, input: { attempt } });
  return { state: "acting", id, ask, answer, ...log, claim: { ...claim, attempt, at } };
}

async function runWork<Result, Content>(
  machine: ProgramMachine,
  owned: Owned,
  work: (work: Work<Content>) => Promise<Result> | Result,
  options: OperationOptions,
): Promise<ActResult<Result>> {
  const { id, ask, answer, claim } = owned.claimed;
  // What has begun is brought to its end: a caller that gives up must not leave it in doubt.
  const { signal = new AbortController().signal, ...lasting } = options;
  let result: Result;
  try {
    result = await work({
      id,
      content: (answer.given.content ?? ask.content) as Content,
      savedState: restoreBytes(ask.savedState),
      answer: givenAnswer(answer),
      idempotencyKey: ask.idempotencyKey,
      attempt: claim.attempt,
      signal,
    });
  } catch (error) {
    if (NotApplied.is(error)) {
      await freeClaim(machine, owned, error, lasting);
      throw error;
    }
    await doubtClaim(machine, owned, error, lasting);
    throw new HoldError(
      "in-doubt",
      `The work of the hold ${JSON.stringify(id)} threw, and nobody knows whether it had its effect: ${problemOf(error)}. ${claim.whenInDoubt === "again" ? "The next act runs it again, under the same idempotency key." : "Look what happened, and settle it."} Work that is certain to have had no effect throws NotApplied.`,
      { id, cause: error },
    );
  }
  return await keepReceipt(machine, owned, result, lasting);
}

async function keepReceipt<Result>(
  machine: ProgramMachine,
  owned: Owned,
  result: Result,
  options: OperationOptions,
): Promise<ActResult<Result>> {
  const { id } = owned.claimed;
  const problem = result === undefined ? undefined : jsonProblem(result, "it");
  const receipt: Receipt =
    problem === undefined
      ? { kept: true, ...(result === undefined ? {} : { value: result }) }
      : { kept: false, omitted: "not-json", problem };
  try {
    await finish(machine, owned, receipt, options);
    return { outcome: "done", id, ran: true, receipt: result, ...(receipt.kept ? {} : { omitted: receipt.omitted }) };
  } catch (error) {
    if (!CheckpointError.is(error, "too-large")) throw error;
    await finish(machine, owned, { kept: false, omitted: "too-large", problem: error.message }, options);
    return { outcome: "done", id, ran: true, receipt: result, omitted: "too-large" };
  }
}

/** Writes the receipt under the claim, also where somebody found the worker silent meanwhile. */
async function finish(
  machine: ProgramMachine,
  owned: Owned,
  receipt: Receipt,
  options: OperationOptions,
): Promise<void> {
  const { claim } = owned.claimed;
  await changeOwn(machine, owned, options, (document) => {
    const { id, ask, answer } = document;
    const at = machine.environment.now().toISOString();
    const log = logged(document, machine.environment, { did: "finished", by: claim.worker });
    return { state: "done", id, ask, answer, ...log, claim, receipt, end: { at, by: claim.worker }, settled: false };
  });
}

async function freeClaim(
  machine: ProgramMachine,
  owned: Owned,
  error: NotApplied,
  options: OperationOptions,
): Promise<void> {
  const { claim } = owned.claimed;
  await changeOwn(machine, owned, options, (document) => {
    const { id, ask, answer } = document;
    const log = logged(document, machine.environment, { did: "freed", by: claim.worker, input: error.message });
    return { state: "answered", id, ask, answer, ...log, attempts: claim.attempt };
  });
}

async function doubtClaim(
  machine: ProgramMachine,
  owned: Owned,
  error: unknown,
  options: OperationOptions,
): Promise<void> {
  const { claim } = owned.claimed;
  await changeOwn(machine, owned, options, (document) => {
    const { id, ask, answer } = document;
    const at = machine.environment.now().toISOString();
    const problem = problemOf(error);
    const log = logged(document, machine.environment, { did: "doubted", by: claim.worker, input: problem });
    return { state: "in-doubt", id, ask, answer, ...log, claim, doubt: { at, why: "threw", problem } };
  });
}

/** Changes a hold that this worker still has its claim on. */
async function changeOwn(
  machine: ProgramMachine,
  { claimed, version }: Owned,
  options: OperationOptions,
  change: (document: Extract<ProgramHold, { state: "acting" | "in-doubt" }>) => ProgramHold,
): Promise<void> {
  const { id, claim } = claimed;
  await machine.change<void>(
    (loadOptions) => machine.load(id, loadOptions),
    (located) => {
      const document = located?.document;
      const isOwn =
        (document?.state === "acting" || document?.state === "in-doubt") && document.claim.token === claim.token;
      if (!isOwn) throw claimLost(id, document);
      return { verdict: undefined, next: change(document) };
    },
    options,
    // Mostly nobody has touched it meanwhile.
    [{ verdict: undefined, next: change(claimed), ifVersion: version }],
  );
}

function claimLost(id: string, document: ProgramHold | undefined): HoldError {
  const now =
    document === undefined || document.state === "forgotten"
      ? "was forgotten"
      : document.state === "acting"
        ? `is acted on by ${document.claim.worker} since ${document.claim.at}`
        : `is ${document.state}`;
  return new HoldError(
    "claim-lost",
    `The work of the hold ${JSON.stringify(id)} ran to its end, but took so long that somebody decided about it meanwhile: the hold ${now}. What the work returned was not kept.`,
    { id },
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

function endResult<Result>(document: ProgramHold): ActResult<Result> | undefined {
  const { id } = document;
  const ended = document.state === "stub" ? document.ended : document.state;
  if (document.state === "done") {
    const { receipt } = document;
    return receipt.kept
      ? { outcome: "done", id, ran: false, receipt: receipt.value as Result | undefined }
      : { outcome: "done", id, ran: false, receipt: undefined, omitted: receipt.omitted };
  }
  if (ended === "done") return { outcome: "done", id, ran: false, receipt: undefined, omitted: "pruned" };
  if (!("end" in document) || (ended !== "rejected" && ended !== "canceled" && ended !== "expired")) return undefined;
  const { at, by, reason } = document.end;
  const answer = document.state === "rejected" ? givenAnswer(document.answer) : undefined;
  return { outcome: ended, id, at: new Date(at), by, reason, answer };
}

function problemOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}
