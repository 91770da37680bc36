import type { HoldAnswer } from "./hold-answer.ts";
import { agrees, readAnswer } from "./hold-answer.ts";
import { answerRefusal, notFound } from "./hold-refusal.ts";
import type { AnswerOptions, AnswerResult } from "./holds.ts";
import type { AnswerVerdict } from "./judge-answer.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { readDoer } from "./person.ts";
import type { ProgramMachine } from "./program-machine.ts";
import { isHold, stateOf } from "./view-hold.ts";

/** {@link Holds.answer} */
export async function answerHold(
  machine: ProgramMachine,
  id: string,
  answer: HoldAnswer,
  answerOptions: AnswerOptions,
): Promise<AnswerResult> {
  const { by, via, ...options } = answerOptions;
  const given = { answer: readAnswer(answer), doer: readDoer({ by, via }) };
  const { verdict, located } = await machine.change<AnswerVerdict>(
    {
      operation: "answer",
      id,
      find: (loadOptions) => machine.load(id, loadOptions),
      judge: async (found) => await judgeAnswer(given, found?.document, machine.environment),
    },
    options,
  );
  const document = located?.document;
  if (!isHold(document)) throw notFound(machine.store, id);
  if (verdict !== "applied" && verdict !== "found") throw answerRefusal(document, given.answer);
  const isLate = document.state === "expired" || ("answer" in document && document.answer?.byExpiry === true);
  if (isLate) throw answerRefusal(document, given.answer);
  const state = stateOf(document);
  const isWaiting = document.state === "waiting";
  const outcome = verdict === "found" ? "found" : isWaiting ? "voted" : "answered";
  const alike = isWaiting ? document.votes.filter((vote) => agrees(vote.given, given.answer)).length : 0;
  return { outcome, id, state, approvalsLeft: isWaiting ? document.ask.approvals - alike : 0 };
}
