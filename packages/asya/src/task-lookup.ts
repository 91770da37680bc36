import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore, OperationOptions } from "@holdpoint/core";

import { a2aTaskHeader, textHeader, trailHeader } from "./asya-headers.ts";
import { LedgerError } from "./ledger-error.ts";
import type { AliasDocument, PauseDocument, TaskDocument } from "./pause-document.ts";
import { decodeDocument, documentKey, documentPrefix, foreignRun, taskIdOfKey } from "./pause-document.ts";
import { withForeignTrail } from "./trail.ts";

/** A document together with where it was found. */
export interface Located<Document extends PauseDocument = TaskDocument> {
  readonly key: string;
  readonly version: string;
  readonly document: Document;
}

/** How many documents of other programs are looked through for an A2A id before a task counts as not found. */
const maxSearched = 1_000;

/** Finds documents by the ids that a task is known by. */
export class TaskLookup {
  readonly #store: CheckpointStore;

  constructor(store: CheckpointStore) {
    this.#store = store;
  }

  /** @throws {CheckpointError} what `get` throws, and `corrupt` */
  async load(taskId: string, options: OperationOptions): Promise<Located<PauseDocument> | undefined> {
    const key = documentKey(taskId);
    const checkpoint = await this.#store.get(key, options);
    if (checkpoint === null) return undefined;
    const document = withForeignTrail(decodeDocument(checkpoint.body, taskId, this.#store, checkpoint.modifiedAt));
    return { key, version: checkpoint.version, document };
  }

  /**
   * The task that one of the ids stands for; the first id that leads anywhere decides.
   *
   * @param isMine recognises the task that the caller has to do with already, where an id stands for several
   * @throws {LedgerError} `ambiguous-task`
   * @throws {CheckpointError} what `get` throws, and `corrupt`
   */
  async find(
    taskIds: readonly string[],
    options: OperationOptions,
    isMine: (document: TaskDocument) => boolean = () => false,
  ): Promise<Located | undefined> {
    let denied: CheckpointError | undefined;
    for (const taskId of taskIds) {
      try {
        const found = await this.load(taskId, options);
        const task = found === undefined ? undefined : await this.#follow(found, options, isMine);
        if (task !== undefined) return task;
      } catch (error) {
        // On S3 without the permission to list, a missing key is a refusal: another id may still lead to the task. If
        // none does, the refusal is the answer.
        if (!CheckpointError.is(error, "permission-denied")) throw error;
        denied ??= error;
      }
    }
    if (denied !== undefined) throw denied;
    return await this.#searchForeign(new Set(taskIds), options);
  }

  /**
   * Where a task waits, or was resumed by the caller's own message, after it has gone on under the id of a resume message
   * and then paused without a trail; `undefined` if it has not.
   */
  async findContinuation(
    located: Located,
    options: OperationOptions,
    isMine: (document: TaskDocument) => boolean = () => false,
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
        if (CheckpointError.is(error, "permission-denied") || CheckpointError.is(error, "invalid-argument"))
          return undefined;
        throw error;
      }
      if (next === undefined || next.document.state === "alias") return undefined;
      document = next.document;
      if (document.state === "paused" || isMine(document)) return { ...next, document };
    }
    return undefined;
  }

  async #follow(
    found: Located<PauseDocument>,
    options: OperationOptions,
    isMine: (document: TaskDocument) => boolean,
  ): Promise<Located | undefined> {
    if (found.document.state !== "alias") return { ...found, document: found.document };
    const targets = await this.#targets(found.document, options);
    const mine = targets.find(({ document }) => isMine(document));
    if (mine !== undefined) return mine;
    const waiting = targets.filter(({ document }) => document.state === "paused");
    if (waiting.length <= 1) return waiting[0] ?? targets.at(-1);
    const names = waiting.map(({ document }) => JSON.stringify(document.taskId)).join(", ");
    const { taskId } = found.document;
    throw new LedgerError(
      "ambiguous-task",
      `The id ${JSON.stringify(taskId)} stands for several tasks that are paused: ${names}. Name one of these.`,
      taskId,
    );
  }

  async #targets(alias: AliasDocument, options: OperationOptions): Promise<readonly Located[]> {
    const located: Located[] = [];
    for (const target of alias.targets) {
      const found = await this.load(target, options);
      if (found !== undefined && found.document.state !== "alias") located.push({ ...found, document: found.document });
    }
    return located;
  }

  /** A last resort: an x-pause that is not ours keeps a task under its envelope's id alone, whatever the gateway calls it. */
  async #searchForeign(a2aTaskIds: ReadonlySet<string>, options: OperationOptions): Promise<Located | undefined> {
    let searched = 0;
    try {
      for await (const { key } of this.#store.list({ ...options, prefix: documentPrefix })) {
        searched += 1;
        if (searched > maxSearched) return undefined;
        const taskId = taskIdOfKey(key);
        const found = taskId === undefined ? undefined : await this.load(taskId, options).catch(ignoreCorrupt);
        if (found?.document.state !== "paused") continue;
        const { point, message } = found.document;
        // A trail among the headers is kept by no x-pause of ours.
        const isForeign = point.run === foreignRun || message.headers[trailHeader] !== undefined;
        if (!isForeign || message.parent_id !== undefined) continue;
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

function ignoreCorrupt(error: unknown): undefined {
  if (!CheckpointError.is(error, "corrupt")) throw error;
}
