import { setTimeout as sleep } from "node:timers/promises";

import type { TaskDetails } from "@holdpoint/asya";
import { checkAnswer, LedgerError } from "@holdpoint/asya";
import type { AnswerCourier } from "@holdpoint/asya/gateway";
import { findSentAnswers, GatewayError, sendAnswer } from "@holdpoint/asya/gateway";
import { isJsonObject } from "@holdpoint/core/json";

import { readControls } from "../form/read-controls.ts";
import type { SentOutcome } from "../hold/answer-hold.ts";
import { tokenNotices } from "../hold/token-notices.ts";
import type { InboxContext } from "../inbox-context.ts";
import type { Html } from "../show/html.ts";
import type { Viewer } from "../viewer.ts";
import { controlsOfTask, taskPurpose } from "./task-form.ts";
import { taskPage } from "./task-page.ts";

/** x-resume mostly takes up an answer at once; so often, and so long apart, is looked whether it has. */
const looks = 10;
const lookEveryMs = 200;

/**
 * Hands an answer to the gateway, which has x-resume take it up: it is checked here, and nothing is claimed. Two that
 * answer at one time both send, and x-resume takes one.
 */
export async function answerTask(
  context: InboxContext,
  viewer: Viewer,
  courier: AnswerCourier,
  task: TaskDetails,
  form: URLSearchParams,
): Promise<SentOutcome> {
  const page = async (more: Parameters<typeof taskPage>[3], now = task): Promise<Html> =>
    taskPage(context, viewer, now, { ...more, answers: await findSentAnswers(context.store, now) });
  if (!context.access.mayAnswer(viewer, { kind: "task", id: task.taskId, labels: {} })) {
    return { taken: false, status: 403, page: await page({ notice: "You may not answer this." }), refused: "answer" };
  }
  const verdict = context.tokens.redeem(form.get("token") ?? "", taskPurpose(viewer, task));
  if (verdict !== "valid") {
    // Of another pause point, or of a task that has gone on since, it is another's.
    const notice =
      task.state === "paused" ? tokenNotices[verdict] : "It has been answered meanwhile. Nothing was sent.";
    // What took a while to fill in is not lost.
    const isInTime = verdict === "expired" && task.state === "paused";
    const sent = isInTime ? { form, problems: new Map<number, string>(), problem: undefined } : undefined;
    const status = verdict === "invalid" ? 403 : 409;
    return { taken: false, status, page: await page({ notice, sent }), refused: "form" };
  }
  const { value, problems } = readControls(controlsOfTask(task), form);
  if (problems.size > 0) {
    return { taken: false, status: 422, page: await page({ sent: { form, problems, problem: undefined } }) };
  }
  try {
    const input = await checkAnswer(task, isJsonObject(value) ? value : {});
    await sendAnswer(context.store, courier, task, input, viewer.person);
  } catch (error) {
    if (LedgerError.is(error, "invalid-input")) {
      const sent = { form, problems, problem: error.message };
      return { taken: false, status: 422, page: await page({ sent }) };
    }
    const notice = problemOf(context, error);
    const now = await lookAgain(context, task);
    const sent = now.version === task.version ? { form, problems, problem: undefined } : undefined;
    return { taken: false, status: 409, page: await page({ notice, sent }, now) };
  }
  await waitForResume(context, task);
  return { taken: true };
}

/** Waits a little for x-resume; what it has not taken up by then, the page says. */
async function waitForResume(context: InboxContext, task: TaskDetails): Promise<void> {
  for (let look = 0; look < looks; look += 1) {
    const now = await lookAgain(context, task);
    if (now.version !== task.version) return;
    await sleep(lookEveryMs);
  }
}

async function lookAgain({ ledger }: InboxContext, task: TaskDetails): Promise<TaskDetails> {
  return (await ledger.inspect(task.taskId)) ?? task;
}

function problemOf(context: InboxContext, error: unknown): string {
  if (LedgerError.is(error)) return "It has been answered or canceled meanwhile. Nothing was sent.";
  if (!GatewayError.is(error)) throw error;
  context.report(error);
  if (error.outcome === "unknown") {
    return "The gateway did not say whether it took your answer. If the task does not go on, send it again: it is taken once.";
  }
  switch (error.code) {
    case "not-waiting":
    case "unknown-task":
      return "The gateway does not wait for an answer to this task. Nothing was sent.";
    case "unreachable":
      return "The gateway does not answer. Nothing was sent; try again later.";
    case "refused":
    case "unauthorized":
    case "invalid-address":
    case "unexpected-answer":
      return "The gateway did not take your answer. Whoever runs this inbox is told why.";
  }
}
