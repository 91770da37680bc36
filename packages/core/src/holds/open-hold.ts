import { readRequest } from "./hold-ask.ts";
import type { HoldRequest } from "./hold-ask.ts";
import { HoldError } from "./hold-error.ts";
import { logged } from "./hold-log.ts";
import type { OpenOptions, OpenResult } from "./holds.ts";
import { readDoer } from "./person.ts";
import type { ProgramHold } from "./program-documents.ts";
import type { ProgramMachine } from "./program-machine.ts";
import { isHold, stateNow } from "./view-hold.ts";

/** {@link Holds.open} */
export async function openHold(
  machine: ProgramMachine,
  id: string,
  request: HoldRequest,
  openOptions: OpenOptions,
): Promise<OpenResult> {
  const { by, via, ifDifferent = "refuse", ...options } = openOptions;
  const asker = readDoer({ by, via });
  const { environment } = machine;
  const now = environment.now();
  const openedAt = now.toISOString();
  const opener = { openedBy: asker.by, openedVia: asker.via };
  const ask = { ...(await readRequest(request, now)), idempotencyKey: environment.newNonce(), openedAt, ...opener };
  const log = logged({ log: [], logCut: 0 }, environment, { did: "opened", ...asker });
  const opened = { verdict: "opened", next: { state: "waiting", id, ask, votes: [], ...log } } as const;
  const { verdict, located } = await machine.change<"opened" | "found" | "different">(
    {
      operation: "open",
      id,
      find: (loadOptions) => machine.load(id, loadOptions),
      judge: (found) => {
        if (!isHold(found?.document)) return opened;
        return { verdict: digestOf(found.document) === ask.digest ? "found" : "different" };
      },
      first: [{ ...opened, ifVersion: undefined }],
    },
    options,
  );
  const document = located?.document;
  const state = isHold(document) ? stateNow(document, environment) : "waiting";
  if (verdict === "opened" || verdict === "found") return { outcome: verdict, id, state };
  if (ifDifferent === "keep") return { outcome: "kept", id, state };
  throw new HoldError(
    "different-hold",
    `The hold ${JSON.stringify(id)} is ${state}, and asks another question, or about another content. An answer is bound to what was shown, so this one was not taken: give another question another id; where the text differs at each run, give a fingerprint, or ifDifferent: "keep".`,
    { id },
  );
}

function digestOf(document: ProgramHold): string | undefined {
  if ("ask" in document) return document.ask.digest;
  return document.state === "stub" ? document.digest : undefined;
}
