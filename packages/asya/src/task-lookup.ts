import { CheckpointError } from "@holdpoint/core";
import type { CheckpointEntry, CheckpointStore, GetOptions, OperationOptions } from "@holdpoint/core";
import { pMapIterable } from "p-map";

import { a2aTaskHeader, textHeader } from "./asya-headers.ts";
import { decodeDocument } from "./document-codec.ts";
import { documentKey, documentPrefixes, taskIdOfKey } from "./document-key.ts";
import { isForeign } from "./foreign-document.ts";
import { answersTo, continuesTask, hasKept, isCalledBy } from "./kinship.ts";
import { LedgerError } from "./ledger-error.ts";
import type { AliasDocument, PauseDocument, TaskDocument } from "./pause-document.ts";
import { quoteId } from "./quote-id.ts";
import type { TaskLeads } from "./task-ids.ts";

/** A document together with where it was found. */
export interface Located<Document extends PauseDocument = TaskDocument> {
  readonly key: string;
  readonly version: string;
  readonly document: Document;
}

/** How many documents of other programs are looked through for an A2A id before a task counts as not found. */
export const maxSearched = 1_000;
/** How many documents are read at once. */
export const readConcurrency = 16;

type IsMine = (document: TaskDocument) => boolean;
const nobodys: IsMine = () => false;

/** Finds documents by the ids that a task is known by. */
export class TaskLookup {
  readonly #store: CheckpointStore;

  constructor(store: CheckpointStore) {
    this.#store = store;
  }

  /** @throws {CheckpointError} what `get` throws, and `corrupt` */
  async load(taskId: string, options: GetOptions): Promise<Located<PauseDocument> | undefined> {
    const key = documentKey(taskId);
    const checkpoint = await this.#store.get(key, options);
    if (checkpoint === null) return undefined;
    const document = decodeDocument(checkpoint.body, taskId, this.#store, checkpoint.modifiedAt);
    return { key, version: checkpoint.version, document };
  }

  /** The same; `undefined` also for what cannot be read. */
  async loadReadable(taskId: string, options: OperationOptions): Promise<Located<PauseDocument> | undefined> {
    try {
      return await this.load(taskId, options);
    } catch (error) {
      if (CheckpointError.is(error, "corrupt")) return undefined;
      throw error;
    }
  }

  /** All keys of documents, displaced ones too. */
  async *keys(options: OperationOptions): AsyncIterable<CheckpointEntry> {
    for (const prefix of documentPrefixes) yield* this.#store.list({ ...options, prefix });
  }

  /**
   * Whether a document is still as it was found, and now as safe as a write that was acknowledged. For an answer that
   * rests on it alone: its writer may have been told that the outcome is unknown.
   *
   * @throws {CheckpointError} what `get` throws
   */
  async confirm({ key, version }: Located, options: OperationOptions): Promise<boolean> {
    if (this.#store.capabilities.showsUnacknowledged !== true) return true;
    return (await this.#store.get(key, { ...options, durable: true }))?.version === version;
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
    options: OperationOptions,
    isMine: IsMine = nobodys,
  ): Promise<Located | undefined> {
    let denied: CheckpointError | undefined;
    for (const { id, mustAnswerTo } of leads) {
      try {
        const found = await this.load(id, options);
        const task = found === undefined ? undefined : await this.#follow(found, options, isMine);
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
    options: OperationOptions,
    isMine: IsMine = nobodys,
  ): Promise<Located | undefined> {
    const seen = new Set([located.document.taskId]);
    let { document } = located;
    while (document.state === "resumed" && !seen.has(document.resumption.mark.id)) {
      const nextId = document.resumption.mark.id;
      seen.add(nextId);
      let next: Located<PauseDocument> | undefined;
      try {
        next = await this.load(nextId, options);
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
  async isVoid(document: TaskDocument, options: OperationOptions): Promise<boolean> {
    if (document.state !== "paused" || document.displacedFrom === undefined) return false;
    const main = await this.loadReadable(document.displacedFrom, options);
    return main !== undefined && main.document.state !== "alias" && hasKept(main.document, document.point);
  }

  async #follow(
    found: Located<PauseDocument>,
    options: OperationOptions,
    isMine: IsMine,
  ): Promise<Located | undefined> {
    if (found.document.state !== "alias") {
      const task = { ...found, document: found.document };
      return (await this.isVoid(task.document, options)) ? undefined : task;
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

  async #targets(alias: AliasDocument, options: OperationOptions): Promise<readonly Located[]> {
    const located: Located[] = [];
    for (const target of alias.targets) {
      const found = await this.load(target, options);
      if (found === undefined || found.document.state === "alias" || !isCalledBy(found.document, alias.taskId))
        continue;
      if (!(await this.isVoid(found.document, options))) located.push({ ...found, document: found.document });
    }
    return located;
  }

  /** A last resort: an x-pause that is not ours keeps a task under its envelope's id alone, whatever the gateway calls it. */
  async #searchForeign(a2aTaskIds: ReadonlySet<string>, options: OperationOptions): Promise<Located | undefined> {
    try {
      const documents = pMapIterable(
        atMost(maxSearched, this.keys(options)),
        async ({ key }) => {
          const taskId = taskIdOfKey(key);
          return taskId === undefined ? undefined : await this.loadReadable(taskId, options);
        },
        { concurrency: readConcurrency },
      );
      for await (const found of documents) {
        if (found?.document.state !== "paused" || !isForeign(found.document)) continue;
        const { message } = found.document;
        if (message.parent_id !== undefined) continue;
        const a2aTaskId = textHeader(message.headers, a2aTaskHeader);
        if (a2aTaskId !== undefined && a2aTaskIds.has(a2aTaskId)) return { ...found, document: found.document };
      }
    } catch (error) {
      // Listing may need a permission that resuming does not.
      if (!CheckpointError.is(error, "permission-denied")) throw error;
    }
    return undefined;
  }
}

async function* atMost<Item>(count: number, items: AsyncIterable<Item>): AsyncIterable<Item> {
  let taken = 0;
  for await (const item of items) {
    if (taken >= count) return;
    taken += 1;
    yield item;
  }
}
