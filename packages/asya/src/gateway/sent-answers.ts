import { hash } from "node:crypto";

import type { CheckpointStore, JsonObject, OperationOptions } from "@holdpoint/core";
import { CheckpointError } from "@holdpoint/core";
import type { Person } from "@holdpoint/core/holds";
import { canonicalJson } from "@holdpoint/core/json";
import * as v from "valibot";

import type { TaskDetails } from "../pause-ledger.ts";
import type { AnswerCourier, AnswerReceipt, GatewayCallOptions } from "./gateway-courier.ts";
import { gatewayTaskOf } from "./gateway-courier.ts";
import { GatewayError } from "./gateway-error.ts";
import type { SentAnswer } from "./sent-answer.ts";

/** What of a task tells its pause point, and what that was resumed with. */
export type AnsweredPoint = Pick<TaskDetails, "taskId" | "sequence" | "pausedAt" | "state" | "input">;

const prefix = "task-answers/";
/** So often is tried to note an answer beside those that others note at the same time. */
const attempts = 10;

const schema = v.object({
  taskId: v.string(),
  answers: v.array(
    v.object({
      by: v.union([v.string(), v.object({ issuer: v.string(), subject: v.string() })]),
      at: v.string(),
      /** What tells the answer from another one. */
      mark: v.string(),
    }),
  ),
});

type Notes = v.InferOutput<typeof schema>;

/**
 * Hands an answer to a gateway, and notes beforehand who gives it: a gateway passes on no name, so the task's own record
 * only has the id of the message. Like the courier it claims nothing. The note stands under `task-answers/`, beside the
 * task and not in it. Check the answer first with `checkAnswer`.
 *
 * @param by whoever gives it, as a credential says
 * @example
 * ```ts
 * await sendAnswer(store, courier, task, await checkAnswer(task, { approved: true }), "ada");
 * ```
 * @throws {GatewayError} as `GatewayCourier.answer` does
 * @throws {CheckpointError} what the store throws; nothing was sent then
 */
export async function sendAnswer(
  store: CheckpointStore,
  courier: AnswerCourier,
  task: TaskDetails,
  input: JsonObject,
  by: Person,
  options: GatewayCallOptions = {},
): Promise<AnswerReceipt> {
  const answer = { by, at: new Date().toISOString(), mark: markOf(input) };
  await changeNotes(store, task, (answers) => [...answers, answer], options);
  try {
    return await courier.answer(gatewayTaskOf(task), input, options);
  } catch (error) {
    if (GatewayError.is(error) && error.outcome === "not-applied") {
      const isOther = (noted: Notes["answers"][number]): boolean => canonicalJson(noted) !== canonicalJson(answer);
      // What stays there was not taken, and names somebody only if the same answer is given elsewhere.
      await changeNotes(store, task, (answers) => answers.filter(isOther), options).catch(() => undefined);
    }
    throw error;
  }
}

/**
 * Who has handed answers to a gateway, oldest first. Of a task that waits, all that are not taken up; of one that was
 * resumed, those that say what it was resumed with: mostly one.
 *
 * @example
 * ```ts
 * const [first] = await findSentAnswers(store, task);
 * console.log(first?.by ?? task.endedBy);
 * ```
 * @throws {CheckpointError} what the store throws
 */
export async function findSentAnswers(
  store: CheckpointStore,
  task: AnsweredPoint,
  options: OperationOptions = {},
): Promise<readonly SentAnswer[]> {
  const { answers } = (await readNotes(store, task, options)).notes;
  const isIt = (mark: string): boolean =>
    task.state === "paused" || (task.state === "resumed" && task.input !== undefined && mark === markOf(task.input));
  return answers.filter(({ mark }) => isIt(mark)).map(({ by, at }) => ({ by, at: new Date(at) }));
}

/**
 * Takes away what is noted of tasks that are gone.
 *
 * @param isKept whether there still is a task of an id
 */
export async function pruneSentAnswers(
  store: CheckpointStore,
  isKept: (taskId: string) => Promise<boolean>,
  options: OperationOptions,
): Promise<void> {
  for await (const { key } of store.list({ ...options, prefix })) {
    const { notes } = await readKey(store, key, options);
    if (notes.taskId === "" || !(await isKept(notes.taskId))) await store.delete(key, options);
  }
}

async function changeNotes(
  store: CheckpointStore,
  task: TaskDetails,
  change: (answers: Notes["answers"]) => Notes["answers"],
  options: OperationOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const { notes, version } = await readNotes(store, task, options);
    const body = new TextEncoder().encode(JSON.stringify({ taskId: task.taskId, answers: change(notes.answers) }));
    const condition = version === undefined ? { ifAbsent: true } : { ifVersion: version };
    try {
      await store.put(keyOf(task), body, { ...options, ...condition });
      return;
    } catch (error) {
      if (!CheckpointError.is(error, "conflict") || attempt === attempts) throw error;
    }
  }
}

async function readNotes(
  store: CheckpointStore,
  task: AnsweredPoint,
  options: OperationOptions,
): Promise<{ readonly notes: Notes; readonly version: string | undefined }> {
  return await readKey(store, keyOf(task), options);
}

async function readKey(
  store: CheckpointStore,
  key: string,
  options: OperationOptions,
): Promise<{ readonly notes: Notes; readonly version: string | undefined }> {
  const nothing = { taskId: "", answers: [] };
  const checkpoint = await store.get(key, options);
  if (checkpoint === null) return { notes: nothing, version: undefined };
  const { version, body } = checkpoint;
  try {
    return { notes: v.parse(schema, JSON.parse(Buffer.from(body).toString())), version };
  } catch {
    // It only says who answered: what cannot be read keeps nobody from answering.
    return { notes: nothing, version };
  }
}

/** One pause point's. An id may be as long as a key, so it is a digest here. */
function keyOf({ taskId, sequence, pausedAt }: AnsweredPoint): string {
  return `${prefix}${hash("sha256", JSON.stringify([taskId, sequence, pausedAt?.getTime() ?? null]))}.json`;
}

/** Gateways add what is theirs to an answer. */
function markOf({ a2a: _a2a, ...input }: JsonObject): string {
  return hash("sha256", canonicalJson(input)).slice(0, 32);
}
