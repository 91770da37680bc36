import { randomUUID } from "node:crypto";

import { CheckpointError } from "@holdpoint/core";
import type { PendingWrite } from "@langchain/langgraph-checkpoint";
import { INTERRUPT, RESUME, WRITES_IDX_MAP } from "@langchain/langgraph-checkpoint";

import type { RunView, SeenCheckpoint, SeenWrites } from "./run-view.ts";
import { conflict, expiry, goOn } from "./saver-context.ts";
import type { SaverContext } from "./saver-context.ts";
import type { ThreadAddress } from "./thread-address.ts";
import { decodeWrites, encodeWrites, isSameWrites } from "./writes-document.ts";
import type { StoredWrite, WritesDocument } from "./writes-document.ts";

/** What a task has written on top of a checkpoint. */
export interface TaskWrites {
  readonly address: ThreadAddress & { readonly id: string };
  readonly taskId: string;
  readonly taskPath: string;
  readonly writes: readonly PendingWrite[];
}

// LangGraph writes a person's answer under this instead of a task, or under the id of the question, an XXH3 in hex.
const answerTaskId = "00000000-0000-0000-0000-000000000000";
const questionId = /^[\da-f]{32}$/u;

/** Whether it is an answer of a person. A subgraph gets its answers from the graph that it is part of. */
export function isAnswer({ address, taskId, writes }: TaskWrites): boolean {
  const isOfPerson = taskId === answerTaskId || questionId.test(taskId);
  return isOfPerson && address.namespace === "" && writes.some(([channel]) => channel === RESUME);
}

/**
 * Why an answer cannot be taken, as far as this process has seen: nothing waits, or what waits has been answered before.
 *
 * @returns `undefined` if it can
 */
export function refusalOfAnswer(
  { layout, answers }: SaverContext,
  view: RunView,
  { address, taskId }: TaskWrites,
): CheckpointError | undefined {
  const { threadId, namespace, id } = address;
  const line = layout.line(threadId, namespace);
  const seen = view.find(line, id)?.writes;
  if (seen === undefined) return undefined;
  const questions = questionsOf(seen);
  if (questions.length === 0) {
    return conflict(
      threadId,
      `nothing waits for an answer at its newest checkpoint, ${id}`,
      "It may be an old one, delivered again. To go on without an answer, invoke the graph with null.",
    );
  }
  const stored = seen.get(layout.writes(line, id, taskId, resumeIndex))?.answers;
  const given = answers.questionsOf(layout.checkpoint(line, id), taskId);
  // A node that asks more than once is answered more than once, in the same place: each time to another question.
  const isBefore = (before: readonly string[] | undefined): boolean =>
    before !== undefined && (taskId !== answerTaskId || isSameSet(before, questions));
  if (!isBefore(stored) && !isBefore(given)) return undefined;
  return conflict(
    threadId,
    `what waits at checkpoint ${id} has been answered before`,
    "If the run that had the answer has ended, go on from there: invoke the graph with null.",
  );
}

/**
 * Stores a person's answer; until it is stored, the run that brought it writes nothing else.
 *
 * @throws {CheckpointError} as {@link writeWrites}
 */
export async function writeAnswer(context: SaverContext, view: RunView, task: TaskWrites): Promise<void> {
  const { address, taskId } = task;
  const line = context.layout.line(address.threadId, address.namespace);
  const questions = questionsOf(view.find(line, address.id)?.writes ?? new Map());
  const stored = writeWrites(context, view, task);
  context.answers.add(context.layout.checkpoint(line, address.id), taskId, { questions, stored });
  if (context.views.isOfOneRun(view)) view.answered = stored;
  await stored;
}

/**
 * Stores what a task has written: its regular writes in one document, and each special one in a document of its own. A
 * regular write stays as it was first written, a special one is replaced, but neither if the run has not seen what is
 * there.
 *
 * @throws {CheckpointError} `conflict` if another run has written the same meanwhile, and otherwise
 */
export async function writeWrites(context: SaverContext, view: RunView, task: TaskWrites): Promise<void> {
  const { layout, serde } = context;
  const { address, taskId, taskPath } = task;
  const line = layout.line(address.threadId, address.namespace);
  const seen = view.find(line, address.id);
  const answers = isAnswer(task) ? questionsOf(seen?.writes ?? new Map()) : undefined;
  const [stored] = await Promise.all([
    Promise.all(
      task.writes.map(async ([channel, value], position): Promise<StoredWrite> => {
        return { index: WRITES_IDX_MAP[channel] ?? position, channel, value: await serde.dumpsTyped(value) };
      }),
    ),
    view.answered,
  ]);
  const place = (kind: "regular" | number, writes: readonly StoredWrite[]): WritesToStore => ({
    key: layout.writes(line, address.id, taskId, kind),
    address,
    document: { taskId, taskPath, nonce: randomUUID(), answers, writes },
  });
  // Of several with one index, the last is what LangGraph means.
  const special = new Map(stored.filter(({ index }) => index < 0).map((write) => [write.index, write]));
  const regular = stored.filter(({ index }) => index >= 0);
  const storeSpecial = Array.from(special.values(), async (write) => {
    await writeSpecial(context, seen, place(write.index, [write]));
  });
  // What comes with an answer comes only if it does.
  if (answers !== undefined) await Promise.all(storeSpecial);
  const storeRegular = regular.length === 0 ? [] : [writeRegular(context, seen, place("regular", regular))];
  const outcomes = await Promise.allSettled([...storeSpecial, ...storeRegular]);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

const resumeIndex = WRITES_IDX_MAP[RESUME] ?? -4;

interface WritesToStore {
  readonly key: string;
  readonly address: TaskWrites["address"];
  readonly document: WritesDocument;
}

async function writeSpecial(
  context: SaverContext,
  seen: SeenCheckpoint | undefined,
  { key, address, document }: WritesToStore,
): Promise<void> {
  const before = seen?.writes?.get(key);
  const condition =
    !context.fence || seen?.writes === undefined
      ? {}
      : before === undefined
        ? { ifAbsent: true }
        : { ifVersion: before.version };
  try {
    const { version } = await context.store.put(key, encodeWrites(document), {
      ...condition,
      ...expiry(context, "other"),
    });
    note(seen, key, document, version);
  } catch (error) {
    throw asConflict(error, address);
  }
}

async function writeRegular(
  context: SaverContext,
  seen: SeenCheckpoint | undefined,
  { key, address, document }: WritesToStore,
): Promise<void> {
  const before = seen?.writes?.get(key);
  try {
    const { version } = await context.store.put(key, encodeWrites(document), {
      ifAbsent: true,
      ...expiry(context, "other"),
    });
    note(seen, key, document, version);
    return;
  } catch (error) {
    if (!CheckpointError.is(error, "conflict")) throw error;
    const stored = await context.store.get(key);
    if (stored === null) throw asConflict(error, address);
    const existing = decodeWrites(stored.body, key);
    const isSeen = !context.fence || seen?.writes === undefined || before?.version === stored.version;
    if (!isSeen && !isSameWrites(existing, document)) throw asConflict(error, address);
    const known = new Set(existing.writes.map(({ index }) => index));
    const added = document.writes.filter(({ index }) => !known.has(index));
    if (added.length === 0) return note(seen, key, existing, stored.version);
    const merged = { ...existing, writes: [...existing.writes, ...added] };
    const { version } = await context.store
      .put(key, encodeWrites(merged), { ifVersion: stored.version, ...expiry(context, "other") })
      .catch((failure: unknown) => Promise.reject(asConflict(failure, address)));
    note(seen, key, merged, version);
  }
}

function note(
  seen: SeenCheckpoint | undefined,
  key: string,
  { nonce, answers, writes }: WritesDocument,
  version: string,
): void {
  seen?.writes?.set(key, { version, nonce, answers, channels: new Set(writes.map(({ channel }) => channel)) });
}

/** The nonces of the questions that were asked. */
function questionsOf(seen: ReadonlyMap<string, SeenWrites>): readonly string[] {
  return [...seen.values()].flatMap(({ channels, nonce }) => (channels.has(INTERRUPT) ? [nonce] : []));
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((nonce) => other.includes(nonce));
}

function asConflict(error: unknown, { threadId, id }: TaskWrites["address"]): unknown {
  if (!CheckpointError.is(error, "conflict")) return error;
  return conflict(threadId, `another run has written on top of checkpoint ${id} meanwhile`, goOn, error);
}
