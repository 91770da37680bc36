import { jsonProblem } from "../json/json-problem.ts";
import { isError } from "../store/is-error.ts";
import { CheckpointError } from "../store/checkpoint-error.ts";
import type { OperationOptions } from "../store/checkpoint-store.ts";
import type { StoredAnswer } from "./hold-answer.ts";
import type { StoredAsk } from "./hold-ask.ts";
import { restoreBytes } from "./hold-ask.ts";
import { HoldError } from "./hold-error.ts";
import { logged } from "./hold-log.ts";
import type { ActResult, Work } from "./holds.ts";
import { keepLease } from "./keep-lease.ts";
import type { ActingDocument, Receipt } from "./hold-document.ts";
import { NotApplied } from "./not-applied.ts";
import type { ProgramHold } from "./program-documents.ts";
import type { ProgramMachine } from "./program-machine.ts";
import { givenAnswer } from "./view-hold.ts";

/** A hold that somebody acts on. */
export type ActingHold = ActingDocument<StoredAsk, StoredAnswer>;

/** A claim that has been written, and the version that it was written as. */
export interface Owned {
  readonly claimed: ActingHold;
  readonly version: string;
}

/** How long a store that is away is waited for after the work, between attempts. */
const firstDelayMs = 500;
const maxDelayMs = 5_000;

/** Runs the work under a claim that is this process's own, and writes down what came of it. */
export async function runWork<Result, Content>(
  machine: ProgramMachine,
  owned: Owned,
  work: (work: Work<Content>) => Promise<Result> | Result,
  options: OperationOptions,
): Promise<ActResult<Result>> {
  const { id, claim } = owned.claimed;
  const { signal, ...lasting } = options;
  const lost = new AbortController();
  const lease = keepLease(machine, id, claim, lasting, () => lost.abort(claimLost(id, undefined)));
  try {
    let result: Result;
    try {
      result = await work({
        ...workOf<Content>(owned.claimed),
        signal: signal === undefined ? lost.signal : AbortSignal.any([signal, lost.signal]),
      });
    } catch (error) {
      // What has begun is brought to its end, without the caller's signal: giving up must not leave it in doubt.
      if (NotApplied.is(error)) {
        await freeClaim(machine, owned, error, lasting);
        throw error;
      }
      await doubtClaim(machine, owned, error, lasting);
      throw workThrew(owned.claimed, error);
    }
    return await keepReceipt(machine, owned, result, lasting);
  } finally {
    await lease.stop();
  }
}

/** What whoever has a claim is given to act with. */
export function workOf<Content>({ id, ask, answer, claim }: ActingHold): Omit<Work<Content>, "signal"> {
  return {
    id,
    content: ("content" in answer.given ? answer.given.content : ask.content) as Content,
    savedState: restoreBytes(ask.savedState),
    answer: givenAnswer(answer),
    idempotencyKey: ask.idempotencyKey,
    attempt: claim.attempt,
  };
}

/** Ends a hold with what the work came to. */
export async function keepReceipt<Result>(
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

/** Gives the claim up, since nothing happened. */
export async function freeClaim(
  machine: ProgramMachine,
  owned: Owned,
  error: NotApplied,
  options: OperationOptions,
): Promise<void> {
  const { claim } = owned.claimed;
  await changeOwn(machine, owned, options, (document) => {
    const { id, ask, answer } = document;
    const log = logged(document, machine.environment, { did: "freed", by: claim.worker, input: problemOf(error) });
    return { state: "answered", id, ask, answer, ...log, attempts: claim.attempt };
  });
}

/** Writes down that nobody knows what happened. */
export async function doubtClaim(
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

/**
 * Changes a hold that this worker still has its claim on. A store that is away is waited for as long as the lease: what
 * came of the work is known to nobody else.
 */
async function changeOwn(
  machine: ProgramMachine,
  { claimed, version }: Owned,
  options: OperationOptions,
  change: (document: Extract<ProgramHold, { state: "acting" | "in-doubt" }>) => ProgramHold,
): Promise<void> {
  const { id, claim } = claimed;
  const { environment } = machine;
  const next = change(claimed);
  const untilMs = environment.monotonicMs() + claim.leaseMs;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(2 * delayMs, maxDelayMs)) {
    try {
      await machine.change<void>(
        {
          operation: "write down what came of",
          id,
          find: (loadOptions) => machine.load(id, loadOptions),
          judge: (located) => {
            const document = located?.document;
            const isOwn =
              (document?.state === "acting" || document?.state === "in-doubt") && document.claim.token === claim.token;
            if (isOwn) return { verdict: undefined, next: change(document) };
            // An earlier attempt of this very write, whose answer was lost.
            if (isWritten(document, next, claim.token)) return { verdict: undefined };
            throw claimLost(id, document);
          },
          // Mostly nobody has touched it meanwhile.
          first: [{ verdict: undefined, next, ifVersion: version }],
        },
        options,
      );
      return;
    } catch (error) {
      if (!CheckpointError.is(error) || error.code === "too-large") throw error;
      if (!error.retryable || environment.monotonicMs() >= untilMs) throw notKept(id, next, error);
      await environment.sleep(delayMs * (0.5 + 0.5 * environment.random()));
    }
  }
}

function isWritten(document: ProgramHold | undefined, next: ProgramHold, token: string): boolean {
  if (document?.state === "done") return next.state === "done" && document.claim.token === token && !document.settled;
  return document?.state === "answered" && next.state === "answered" && document.attempts === next.attempts;
}

/** The error for a claim that is somebody else's, or nobody's, by now. */
export function claimLost(id: string, document: ProgramHold | undefined): HoldError {
  const now =
    document === undefined || document.state === "forgotten"
      ? "is not what it was"
      : document.state === "acting"
        ? `is acted on by ${document.claim.worker} since ${document.claim.at}`
        : `is ${document.state}`;
  return new HoldError(
    "claim-lost",
    `The work of the hold ${JSON.stringify(id)} took so long that somebody decided about it meanwhile: the hold ${now}. What the work comes to is not kept; act again for what counts.`,
    { id },
  );
}

function workThrew({ id, claim }: ActingHold, error: unknown): HoldError {
  const next =
    claim.whenInDoubt === "again"
      ? "The next act runs it again, under the same idempotency key."
      : "Look what happened, and settle it.";
  return new HoldError(
    "in-doubt",
    `The work of the hold ${JSON.stringify(id)} threw, and nobody knows whether it had its effect: ${problemOf(error)}. ${next} Work that is certain to have had no effect throws NotApplied.`,
    { id, cause: error },
  );
}

function notKept(id: string, next: ProgramHold, error: CheckpointError): HoldError {
  const what = next.state === "done" ? "has run, and its receipt" : "has thrown, and that";
  return new HoldError(
    "in-doubt",
    `The work of the hold ${JSON.stringify(id)} ${what} could not be stored: ${error.message} The hold will be found in doubt.`,
    { id, cause: error },
  );
}

function problemOf(error: unknown): string {
  const text = isError(error) ? error.message : String(error);
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}
