import { HoldError } from "./hold-error.ts";
import { logged } from "./hold-log.ts";
import { notFound } from "./hold-refusal.ts";
import type { CancelHoldOptions } from "./holds.ts";
import { personName, readDoer } from "./person.ts";
import type { ProgramHold } from "./program-documents.ts";
import type { ProgramMachine } from "./program-machine.ts";
import { isHold } from "./view-hold.ts";

/** {@link Holds.cancel} */
export async function cancelHold(
  machine: ProgramMachine,
  id: string,
  cancelOptions: CancelHoldOptions,
): Promise<boolean> {
  const { by, via, reason, ...options } = cancelOptions;
  const doer = readDoer({ by, via });
  const { verdict } = await machine.change<boolean>(
    {
      operation: "cancel",
      id,
      find: (loadOptions) => machine.load(id, loadOptions),
      judge: (located) => {
        const document = located?.document;
        if (!isHold(document)) throw notFound(machine.store, id);
        if (document.state === "canceled" || (document.state === "stub" && document.ended === "canceled")) {
          return { verdict: false };
        }
        if (document.state !== "waiting" && document.state !== "answered") throw refusal(document);
        const answer = document.state === "answered" ? { answer: document.answer } : {};
        const log = logged(document, machine.environment, { did: "canceled", ...doer, input: reason });
        const at = machine.environment.now().toISOString();
        const end = { at, by: doer.by, ...(reason === undefined ? {} : { reason }) };
        return { verdict: true, next: { state: "canceled", id, ask: document.ask, ...answer, ...log, end } };
      },
    },
    options,
  );
  return verdict;
}

function refusal(
  document: Exclude<ProgramHold, { state: "waiting" | "answered" | "canceled" | "forgotten" }>,
): HoldError {
  const { id } = document;
  const hold = `The hold ${JSON.stringify(id)} cannot be canceled`;
  if (document.state === "acting" || document.state === "in-doubt") {
    const { worker, at } = document.claim;
    const what =
      document.state === "acting"
        ? `acts since ${at}`
        : `has acted since ${at}, and it is in doubt whether it had its effect`;
    return new HoldError(document.state, `${hold}: ${worker} ${what}.`, { id, by: worker, at });
  }
  const ended = document.state === "stub" ? document.ended : document.state;
  const { by, at } = document.end;
  if (ended === "rejected") {
    return new HoldError("already-answered", `${hold}: it was rejected by ${personName(by)} at ${at}.`, { id, by, at });
  }
  return ended === "expired"
    ? new HoldError("expired", `${hold}: it expired at ${at}.`, { id, at })
    : new HoldError("done", `${hold}: it was acted on by ${personName(by)} at ${at}.`, { id, by, at });
}
