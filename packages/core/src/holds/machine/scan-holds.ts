import { CheckpointError } from "../../store/checkpoint-error.ts";
import type { OperationOptions } from "../../store/checkpoint-store.ts";
import type { Located } from "./hold-documents.ts";
import type { HoldMachine } from "./hold-machine.ts";
import { mapAsTheyCome } from "./map-as-they-come.ts";
import type { SeenVersions } from "./seen-versions.ts";

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
  /** The largest document that is read, in bytes; a larger one comes with a problem of code `too-large`. @default any size */
  readonly maxBytes?: number | undefined;
  /** What was seen before: then what has not changed since is not read. @default nothing */
  readonly seen?: SeenVersions | undefined;
}

/** A document that is to be read. */
interface Listed {
  readonly id: string;
  readonly key: string;
  readonly version: string | undefined;
}

/** What has been made of a document. */
interface Made<Result> {
  readonly id: string;
  readonly version: string | undefined;
  readonly result: Result | undefined;
}

/**
 * All documents of a machine's kind, in no promised order, with what `each` makes of them; in bounded memory.
 *
 * @throws {CheckpointError} what `CheckpointStore.list` and `CheckpointStore.get` throw, `corrupt` and `too-large` apart
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
  const { maxDocuments: _max, seen, ...options } = scanOptions;
  const make = async ({ id, key, version }: Listed): Promise<Made<Awaited<Result>>> => {
    try {
      const located = await machine.load(id, options);
      return { id, version, result: located === undefined ? undefined : await each({ id, key, located }) };
    } catch (error) {
      if (!CheckpointError.is(error, "corrupt") && !CheckpointError.is(error, "too-large")) throw error;
      return { id, version, result: await each({ id, key, problem: error }) };
    }
  };
  seen?.begin();
  for await (const come of mapAsTheyCome(listDocuments(machine, scanOptions), readConcurrency, make)) {
    for (const { id, version, result } of come) {
      // Not before, lest what fails to be read, or is never asked for, be taken for seen.
      seen?.saw(id, version, result !== undefined);
      if (result !== undefined) yield result as Exclude<Awaited<Result>, undefined>;
    }
  }
  seen?.end();
}

async function* listDocuments<Document>(
  { store, documents }: HoldMachine<Document>,
  { maxDocuments = Infinity, seen, ...options }: ScanOptions,
): AsyncIterable<Listed> {
  const versions = seen !== undefined && store.capabilities.listsVersions === true;
  let listed = 0;
  for (const prefix of documents.prefixes) {
    for await (const { key, version } of store.list({ ...options, prefix, versions })) {
      if (listed >= maxDocuments) return;
      listed += 1;
      const id = documents.idOfKey(key);
      if (id !== undefined && seen?.isNew(id, version) !== false) yield { id, key, version };
    }
  }
}
