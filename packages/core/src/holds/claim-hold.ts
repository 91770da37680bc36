import { HoldError } from "./hold-error.ts";
import { leaseKey } from "./hold-id.ts";
import type { ClaimOptions, ClaimResult, Finish } from "./holds.ts";
import { jsonProblem } from "../json/json-problem.ts";
import type { OperationOptions } from "../store/checkpoint-store.ts";
import { claimForWork } from "./act-on-hold.ts";
import { notFound } from "./hold-refusal.ts";
import { NotApplied } from "./not-applied.ts";
import type { ProgramMachine } from "./program-machine.ts";
import type { Owned } from "./run-work.ts";
import { claimLost, doubtClaim, freeClaim, keepReceipt, workOf } from "./run-work.ts";
import { isHold } from "./view-hold.ts";

const defaultLeaseMs = 30_000;
const minTokenCharacters = 16;

/** {@link Holds.claim} */
export async function claimHold<Content>(
  machine: ProgramMachine,
  id: string,
  claimOptions: ClaimOptions,
): Promise<ClaimResult<Content>> {
  const { environment } = machine;
  const {
    whenInDoubt = "stop",
    leaseMs = defaultLeaseMs,
    ifActing = "wait",
    worker = environment.worker,
    token = environment.newNonce(),
    ...options
  } = claimOptions;
  if (typeof token !== "string" || token.length < minTokenCharacters) {
    throw new HoldError("invalid-argument", `token: expected text of at least ${minTokenCharacters} characters.`);
  }
  const claimed = await claimForWork(
    machine,
    new Set(),
    id,
    { token, worker, leaseMs, whenInDoubt },
    ifActing,
    options,
  );
  if ("result" in claimed) return claimed.result;
  return { outcome: "claimed", token, leaseMs, ...workOf<Content>(claimed.claimed) };
}

/** {@link Holds.renew} */
export async function renewClaim(
  machine: ProgramMachine,
  id: string,
  token: string,
  options: OperationOptions,
): Promise<void> {
  if ((await findOwn(machine, id, token, options)) === "done") throw claimLost(id, undefined);
  // Whoever watches looks for any change.
  const count = machine.environment.newNonce();
  await machine.store.put(leaseKey(id), new TextEncoder().encode(JSON.stringify({ token, count })), options);
}

/** {@link Holds.finish} */
export async function finishClaim(
  machine: ProgramMachine,
  id: string,
  token: string,
  finish: Finish,
  options: OperationOptions,
): Promise<void> {
  if (typeof finish !== "object" || finish === null) {
    throw new HoldError("invalid-argument", "finish: expected an object with receipt, notApplied or problem.");
  }
  const problem =
    "receipt" in finish && finish.receipt !== undefined ? jsonProblem(finish.receipt, "receipt") : undefined;
  if (problem !== undefined) throw new HoldError("invalid-argument", `receipt: expected JSON, and ${problem}.`);
  const owned = await findOwn(machine, id, token, options);
  if (owned === "done") return;
  if ("notApplied" in finish) await freeClaim(machine, owned, new NotApplied(finish.notApplied), options);
  else if ("problem" in finish) await doubtClaim(machine, owned, new Error(finish.problem), options);
  else await keepReceipt(machine, owned, finish.receipt, options);
  await machine.store.delete(leaseKey(id), options).catch(() => false);
}

/** The claim that a token stands for; `done` if its receipt is kept already. */
async function findOwn(
  machine: ProgramMachine,
  id: string,
  token: string,
  options: OperationOptions,
): Promise<Owned | "done"> {
  const located = await machine.load(id, options);
  const document = located?.document;
  if (located === undefined || !isHold(document)) throw notFound(machine.store, id);
  if (document.state === "done" && document.claim.token === token && !document.settled) return "done";
  const isOwn = (document.state === "acting" || document.state === "in-doubt") && document.claim.token === token;
  if (!isOwn) throw claimLost(id, document);
  // What is in doubt is still theirs to end, as a late receipt does.
  return { claimed: { ...document, state: "acting" }, version: located.version };
}
