import { pMapIterable } from "p-map";

import { CheckpointError } from "../../store/checkpoint-error.ts";
import type { CheckpointEntry, CheckpointStore, OperationOptions } from "../../store/checkpoint-store.ts";
import type { Located } from "./hold-documents.ts";
import type { HoldMachine } from "./hold-machine.ts";

/** How many documents are read at once. */
const readConcurrency = 16;

/** One document of a listing: read, or the reason why it cannot be. */
export type Scanned<Document> =
  | { readonly id: string; readonly key: string; readonly located: Located<Document>; readonly problem?: undefined }
  | { readonly id: string; readonly key: string; readonly located?: undefined; readonly problem: CheckpointError };

/** Options of {@link scanHolds}. */
export interface ScanOptions extends OperationOptions {
  /** How many keys are looked at, at most. @default all */
  readonly maxDocuments?: number | undefined;
}

/**
 * All documents of a machine's kind, in no promised order, with what `each` makes of them; in bounded memory.
 *
 * @throws {CheckpointError} what `CheckpointStore.list` and `CheckpointStore.get` throw, `corrupt` apart
 * @example
 * ```ts
 * for await (const state of scanHolds(machine, {}, ({ located }) => located?.document.state)) console.log(state);
 * ```
 */
export async function* scanHolds<Document, Result>(
  machine: HoldMachine<Document>,
  scanOptions: ScanOptions,
  each: (scanned: Scanned<Document>) => Result | Promise<Result>,
): AsyncIterable<Exclude<Awaited<Result>, undefined>> {
  const { maxDocuments = Infinity, ...options } = scanOptions;
  const { prefixes, idOfKey } = machine.documents;
  const results = pMapIterable(
    listKeys(machine.store, prefixes, maxDocuments, options),
    async ({ key }) => {
      const id = idOfKey(key);
      if (id === undefined) return undefined;
      try {
        const located = await machine.load(id, options);
        return located === undefined ? undefined : await each({ id, key, located });
      } catch (error) {
        if (!CheckpointError.is(error, "corrupt")) throw error;
        return await each({ id, key, problem: error });
      }
    },
    { concurrency: readConcurrency },
  );
  for await (const result of results) if (result !== undefined) yield result as Exclude<Awaited<Result>, undefined>;
}

async function* listKeys(
  store: CheckpointStore,
  prefixes: readonly string[],
  max: number,
  options: OperationOptions,
): AsyncIterable<CheckpointEntry> {
  let listed = 0;
  for (const prefix of prefixes) {
    for await (const entry of store.list({ ...options, prefix })) {
      if (listed >= max) return;
      listed += 1;
      yield entry;
    }
  }
}
