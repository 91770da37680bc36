import { CheckpointError } from "@holdpoint/core";
import type * as holds from "@holdpoint/core/holds";
import type { LoadOptions } from "@holdpoint/core/holds";
import { scanHolds, smallDocumentBytes } from "@holdpoint/core/holds";

import { a2aTaskHeader, textHeader } from "./asya-headers.ts";
import { isForeign } from "./foreign-document.ts";
import { answersTo, continuesTask, hasKept, isCalledBy } from "./kinship.ts";
import { LedgerError } from "./ledger-error.ts";
import type { AliasDocument, PauseDocument, TaskDocument } from "./pause-document.ts";
import { quoteId } from "./quote-id.ts";
import type { TaskMachine } from "./task-documents.ts";
import type { TaskLeads } from "./task-ids.ts";

/** A document of a task together with where it was found. */
export type Located<Document extends PauseDocument = TaskDocument> = holds.Located<Document>;

/** How many documents of other programs are looked through for an A2A id before a task counts as not found. */
export const maxSearched = 1_000;

type IsMine = (document: TaskDocument) => boolean;
const nobodys: IsMine = () => false;

/** Whether a document leads nowhere else, as nearly every one. */
function isTaskItself(found: Located<PauseDocument>): found is Located {
  return found.document.state !== "alias" && found.document.displacedFrom === undefined;
}

/** Finds documents by the ids that a task is known by. */
export class TaskLookup {
  readonly #machine: TaskMachine;

  constructor(machine: TaskMachine) {
    this.#machine = machine;
  }

  /**
   * What `HoldMachine.load` finds; `undefined` also for what cannot be read.
   *
   * @throws {CheckpointError} what `CheckpointStore.get` throws
   */
  async loadReadable(taskId: string, options: LoadOptions): Promise<Located<PauseDocument> | undefined> {
    try {
      return await this.#machine.load(taskId, options);
    } catch (error) {
      if (CheckpointError.is(error, "corrupt")) return undefined;
      throw error;
    }
  }

  /**
   * The task that one of the leads goes to; the first that leads anywhere decides.
   *
   * @param isMine recognises the task that the caller has to do with already, where an id stands for several
   * @throws {LedgerError} `ambiguous-task`
   * @throws {CheckpointError} what `get` throws, and `corrupt`
   */
  async find(
    { leads, a2aTaskIds }: TaskLeads,
    options: LoadOptions,
    isMine: IsMine = nobodys,
  ): Promise<Located | undefined> {
    let denied: CheckpointError | undefined;
    for (const { id, mustAnswerTo } of leads) {
      try {
        const found = await this.#machine.load(id, options);
        if (found === undefined) continue;
        const task = isTaskItself(found) ? found : await this.#follow(found, options, isMine);
        if (task !== undefined && (mustAnswerTo === undefined || answersTo(task.document, mustAnswerTo))) return task;
      } catch (error) {
        // On S3 without the permission to list, a missing key is a refusal: another id may still lead to the task. If
        // none does, the refusal is the answer.
        if (!CheckpointError.is(error, "permission-denied")) throw error;
        denied ??= error;
      }
    }
    if (denied !== undefined) throw denied;
    return await this.#searchForeign(new Set(a2aTaskIds), options);
  }

  /**
   * Where a task waits, or was resumed by the caller's own message, after it has gone on under the id of a resume message
   * and then paused without a trail; `undefined` if it has not.
   */
  async findContinuation(
    located: Located,
    options: LoadOptions,
    isMine: IsMine = nobodys,
  ): Promise<Located | undefined> {
    const seen = new Set([located.document.taskId]);
    let { document } = located;
    while (document.state === "resumed" && !seen.has(document.resumption.mark.id)) {
      const nextId = document.resumption.mark.id;
      seen.add(nextId);
      let next: Located<PauseDocument> | undefined;
      try {
        next = await this.#machine.load(nextId, options);
      } catch (error) {
        if (CheckpointError.is(error, "permission-denied")) return undefined;
        throw error;
      }
      if (next === undefined || next.document.state === "alias") return undefined;
      if (!continuesTask(next.document, document)) return undefined;
      document = next.document;
      if (document.state === "paused" || isMine(document)) return { ...next, document };
    }
    return undefined;
  }

  /**
   * Whether a displaced document is void: whoever set it aside was not the one to take its place, so that the task goes
   * on where it was.
   */
  async isVoid(document: TaskDocument, options: LoadOptions): Promise<boolean> {
    if (document.state !== "paused" || document.displacedFrom === undefined) return false;
    const main = await this.loadReadable(document.displacedFrom, options);
    return main !== undefined && main.document.state !== "alias" && hasKept(main.document, document.point);
  }

  async #follow(found: Located<PauseDocument>, options: LoadOptions, isMine: IsMine): Promise<Located | undefined> {
    if (found.document.state !== "alias") {
      const task = { ...found, document: found.document };
      const isVoid = task.document.displacedFrom !== undefined && (await this.isVoid(task.document, options));
      return isVoid ? undefined : task;
    }
    const targets = await this.#targets(found.document, options);
    const mine = targets.find(({ document }) => isMine(document));
    if (mine !== undefined) return mine;
    const waiting = targets.filter(({ document }) => document.state === "paused");
    if (waiting.length <= 1) return waiting[0] ?? targets.at(-1);
    const names = waiting.map(({ document }) => quoteId(document.taskId)).join(", ");
    const { taskId } = found.document;
    throw new LedgerError(
      "ambiguous-task",
      `The id ${quoteId(taskId)} stands for several tasks that are paused: ${names}. Name one of these.`,
      taskId,
    );
  }

  async #targets(alias: AliasDocument, options: LoadOptions): Promise<readonly Located[]> {
    const located: Located[] = [];
    for (const target of alias.targets) {
      const found = await this.#machine.load(target, options);
      if (found === undefined || found.document.state === "alias" || !isCalledBy(found.document, alias.taskId))
        continue;
      if (!(await this.isVoid(found.document, options))) located.push({ ...found, document: found.document });
    }
    return located;
  }

  /** A last resort: an x-pause that is not ours keeps a task under its envelope's id alone, whatever the gateway calls it. */
  async #searchForeign(
    a2aTaskIds: ReadonlySet<string>,
    { durable: _durable, room, ...options }: LoadOptions,
  ): Promise<Located | undefined> {
    const large: string[] = [];
    const maxBytes = room === undefined ? undefined : smallDocumentBytes;
    const documents = scanHolds(
      this.#machine,
      { ...options, maxBytes, maxDocuments: maxSearched },
      ({ id, located, problem }) => {
        if (CheckpointError.is(problem, "too-large")) large.push(id);
        return located;
      },
    );
    try {
      for await (const found of documents) if (isCalledAnyOf(a2aTaskIds, found)) return found;
      // One at a time, so that there need be room for one of them only.
      for (const id of large) {
        const found = await this.loadReadable(id, { ...options, room });
        if (found !== undefined && isCalledAnyOf(a2aTaskIds, found)) return found;
        if (found !== undefined) room?.letGo(found.key);
      }
    } catch (error) {
      // Listing may need a permission that resuming does not.
      if (!CheckpointError.is(error, "permission-denied")) throw error;
    }
    return undefined;
  }
}

/** Whether a document is the task of another x-pause that has one of the A2A ids. */
function isCalledAnyOf(a2aTaskIds: ReadonlySet<string>, found: Located<PauseDocument>): found is Located {
  if (found.document.state !== "paused" || !isForeign(found.document)) return false;
  const { message } = found.document;
  if (message.parent_id !== undefined) return false;
  const a2aTaskId = textHeader(message.headers, a2aTaskHeader);
  return a2aTaskId !== undefined && a2aTaskIds.has(a2aTaskId);
}
