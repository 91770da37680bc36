import { CheckpointError } from "../../store/checkpoint-error.ts";
import type {
  Checkpoint,
  CheckpointStore,
  GetOptions,
  OperationOptions,
  PutOptions,
} from "../../store/checkpoint-store.ts";
import type { DocumentRoom } from "./document-room.ts";
import { smallDocumentBytes } from "./document-room.ts";
import type { HoldDocuments, Located } from "./hold-documents.ts";
import type { HoldEnvironment } from "./hold-environment.ts";
import { systemEnvironment } from "./hold-environment.ts";

/** How often a hold is judged anew because somebody else was faster. */
const maxRaces = 16;

/** How often a write of unknown outcome is looked for, and made again under its condition. */
const maxSettlements = 3;

/** Options of {@link HoldMachine}. */
export interface HoldMachineOptions {
  /** The clock. @default the system's */
  readonly now?: (() => Date) | undefined;
  /** How long after its end a hold is kept, in milliseconds. Needs the capability `ttl`. @default for ever */
  readonly ttlMs?: number | undefined;
}

/** Options of {@link HoldMachine.change} and {@link HoldMachine.write}. */
export interface ChangeOptions extends OperationOptions {
  /** What the memory for large documents is taken from, before they are read. @default nobody is asked */
  readonly room?: DocumentRoom | undefined;
}

/** Options of {@link HoldMachine.load}. */
export interface LoadOptions extends GetOptions, ChangeOptions {}

/** What a judgement comes to: a verdict that stands as it is, or one that holds once `next` is written. */
export interface Judgement<Document, Verdict> {
  readonly verdict: Verdict;
  readonly next?: Document | undefined;
}

/** What to write before anything is read, and the verdict that then holds. */
export interface FirstWrite<Document, Verdict> {
  readonly verdict: Verdict;
  readonly next: Document;
  /** The version that it is known to come after; `undefined`: only where the key is free. */
  readonly ifVersion: string | undefined;
}

/** One step of a hold: which hold, and what the step is to the document that is found. */
export interface Transition<Document, Verdict, Found extends Located<Document> | undefined> {
  /** What is being done, as a verb, for errors. */
  readonly operation: string;
  /** The id by which whoever asks calls the hold, for errors. */
  readonly id: string;
  /** Finds the hold; `undefined` if there is none. What it has found out beside goes to `judge`. */
  readonly find: (options: LoadOptions) => Promise<Found>;
  /** What it throws is what the caller gets. */
  readonly judge: (found: Found) => Judgement<Document, Verdict> | Promise<Judgement<Document, Verdict>>;
  /** Tried one after the other. @default none */
  readonly first?: readonly FirstWrite<Document, Verdict>[] | undefined;
}

/** A verdict, and the hold as it is now. */
export interface Changed<Document, Verdict, Found extends Located<Document> | undefined> {
  readonly verdict: Verdict;
  readonly located: Located<Document> | Found;
}

/**
 * The state machine of holds on top of any store: each transition is one conditional write of one document, judged anew
 * whenever somebody else was faster. It knows nothing of what its documents say. A kind of holds brings how they are
 * written and read, and with each transition what it makes of the document that is found.
 *
 * @example
 * ```ts
 * const machine = new HoldMachine(store, documents);
 * const { verdict } = await machine.change({
 *   operation: "answer",
 *   id: "lunch",
 *   find: (options) => machine.load("lunch", options),
 *   judge: (found) =>
 *     found?.document.state === "waiting"
 *       ? { verdict: "answered", next: { ...found.document, state: "answered", answer: "Pizza" } }
 *       : { verdict: "too late" },
 * });
 * ```
 */
export class HoldMachine<Document> {
  readonly store: CheckpointStore;
  readonly documents: HoldDocuments<Document>;
  readonly environment: HoldEnvironment;
  /** How long after its end a hold is kept, in milliseconds; `undefined`: for ever. */
  readonly ttlMs: number | undefined;

  constructor(
    store: CheckpointStore,
    documents: HoldDocuments<Document>,
    options: HoldMachineOptions = {},
    environment: HoldEnvironment = systemEnvironment(options.now),
  ) {
    assertStore(store);
    this.store = store;
    this.documents = documents;
    this.environment = environment;
    this.ttlMs = options.ttlMs;
  }

  /**
   * Reads a hold by its id.
   *
   * @throws {CheckpointError} what `CheckpointStore.get` throws, and `corrupt`
   * @throws what the room for it rejects with
   */
  async load(id: string, options: LoadOptions = {}): Promise<Located<Document> | undefined> {
    const key = this.documents.key(id);
    const { room } = options;
    const stored = await (room === undefined ? this.store.get(key, options) : this.#getInto(room, key, options));
    if (stored === null) return undefined;
    return { key, version: stored.version, document: this.documents.decode(stored, id, this.store) };
  }

  /** Reads a value once there is room for it: how large it is, a store knows before it has read it. */
  async #getInto(room: DocumentRoom, key: string, options: GetOptions): Promise<Checkpoint | null> {
    for (let maxBytes = smallDocumentBytes; ;) {
      try {
        return await this.store.get(key, { ...options, maxBytes });
      } catch (error) {
        const sizeBytes = CheckpointError.is(error, "too-large") ? error.sizeBytes : undefined;
        if (sizeBytes === undefined || sizeBytes <= maxBytes) throw error;
        await room.makeFor(key, sizeBytes);
        // It may have grown meanwhile.
        maxBytes = sizeBytes;
      }
    }
  }

  /**
   * The one way in which documents change: finds the hold, judges it, and writes what comes next under the version that
   * was judged; from the start again whenever somebody else was faster. What somebody hears without a write of their own
   * is as safe as the write that they hear of.
   *
   * @throws {CheckpointError} `conflict` if the hold changes faster than it can be judged; what `get` and `put` throw
   * @throws whatever `find` and `judge` throw
   */
  async change<Verdict, Found extends Located<Document> | undefined = Located<Document> | undefined>(
    { operation, id, find, judge, first = [] }: Transition<Document, Verdict, Found>,
    options: ChangeOptions = {},
  ): Promise<Changed<Document, Verdict, Found>> {
    let mine: { readonly nonce: string; readonly verdict: Verdict } | undefined;
    const write = (
      next: Document,
      verdict: Verdict,
      ifVersion: string | undefined,
    ): Promise<Located<Document> | undefined> => {
      mine = { nonce: this.#newNonce(), verdict };
      return this.#put(operation, next, mine.nonce, ifVersion, options);
    };
    // Before any read: a store without the permission to list does not tell a missing key from a forbidden one.
    for (const { next, verdict, ifVersion } of first) {
      const written = await write(next, verdict, ifVersion);
      if (written !== undefined) return { verdict, located: written };
    }
    // What somebody hears without a write of their own must be as safe as the write that they hear of.
    let durable = first.length > 0;
    let key = this.documents.key(id);
    for (let race = 0; race < maxRaces; race += 1) {
      const located = await find({ ...options, durable });
      if (located !== undefined) ({ key } = located);
      if (mine !== undefined && this.#hasNonce(located, mine.nonce)) return { verdict: mine.verdict, located };
      const { next, verdict } = await judge(located);
      if (next === undefined) {
        const isSafe = durable || this.store.capabilities.showsUnacknowledged !== true;
        if (isSafe || (await this.#isStill(located, options))) return { verdict, located };
        durable = true;
        continue;
      }
      const written = await write(next, verdict, located?.version);
      if (written !== undefined) return { verdict, located: written };
    }
    throw new CheckpointError(
      "conflict",
      `${this.store.backend}: cannot ${operation} ${this.documents.subject(id)}: its document ${JSON.stringify(key)} at ${this.store.location} changed ${maxRaces} times meanwhile. Try again.`,
      { backend: this.store.backend, operation, key, retryable: true, outcome: "not-applied" },
    );
  }

  /**
   * Writes one document if its key still has the version, or nothing where that is `undefined`. Resolves to `undefined`
   * if that is not so.
   *
   * @param operation what is being done, as a verb, for errors
   * @throws {CheckpointError} what `put` throws, a conflict apart; `too-large` also for a document that would leave no
   * room for what comes next
   */
  async write(
    operation: string,
    document: Document,
    ifVersion: string | undefined,
    options: ChangeOptions = {},
  ): Promise<Located<Document> | undefined> {
    return await this.#put(operation, document, this.#newNonce(), ifVersion, options);
  }

  async #put(
    operation: string,
    document: Document,
    nonce: string,
    ifVersion: string | undefined,
    options: ChangeOptions,
  ): Promise<Located<Document> | undefined> {
    const id = this.documents.idOf(document);
    const key = this.documents.key(id);
    const body = this.documents.encode(document, nonce);
    this.#assertRoom(operation, document, body);
    const condition: PutOptions = ifVersion === undefined ? { ifAbsent: true } : { ifVersion };
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { version } = await this.store.put(key, body, { ...options, ...condition, ttlMs: this.#ttlOf(document) });
        return { key, version, document };
      } catch (error) {
        if (CheckpointError.is(error, "conflict")) return undefined;
        const isUnknown = CheckpointError.is(error) && error.outcome === "unknown";
        if (!isUnknown || attempt === maxSettlements || options.signal?.aborted === true) throw error;
        const stored = await this.load(id, { ...options, durable: true }).catch(() => {
          throw error;
        });
        if (this.#hasNonce(stored, nonce)) return stored;
        if (stored?.version !== ifVersion) return undefined;
        // As it was; the write may still arrive. The same write under the same condition takes effect once at most.
      }
    }
  }

  #newNonce(): string {
    return this.documents.nonceOf === undefined ? "" : this.environment.newNonce();
  }

  #hasNonce(located: Located<Document> | undefined, nonce: string): boolean {
    return located !== undefined && this.documents.nonceOf?.(located.document) === nonce;
  }

  /** Whether what was found is still what it was, once it is as safe as a write that was acknowledged. */
  async #isStill(located: Located<Document> | undefined, options: OperationOptions): Promise<boolean> {
    if (located === undefined) return false;
    return (await this.store.get(located.key, { ...options, durable: true }))?.version === located.version;
  }

  #ttlOf(document: Document): number | undefined {
    const endedAt = this.ttlMs === undefined ? undefined : this.documents.endedAt(document);
    if (this.ttlMs === undefined || endedAt === undefined) return undefined;
    const leftMs = endedAt.getTime() + this.ttlMs - this.environment.now().getTime();
    return Math.max(1, Math.min(this.ttlMs, leftMs));
  }

  /** A hold whose document left no room for what comes next would be stuck for ever. */
  #assertRoom(operation: string, document: Document, body: Uint8Array): void {
    const { maxBodyBytes } = this.store.capabilities;
    const reserved = this.documents.reserve?.(document, maxBodyBytes);
    if (reserved === undefined || body.byteLength <= maxBodyBytes - reserved.bytes) return;
    const { backend } = this.store;
    const id = this.documents.idOf(document);
    const key = this.documents.key(id);
    throw new CheckpointError(
      "too-large",
      `${backend}: cannot ${operation} ${this.documents.subject(id)}: its document ${JSON.stringify(key)} would have ${body.byteLength} bytes; at most ${maxBodyBytes - reserved.bytes} are allowed, which is what the store takes less ${reserved.bytes} for ${reserved.for}. Nothing was stored. Keep large content elsewhere and put a reference to it into the ${this.documents.contentName}.`,
      { backend, operation, key, outcome: "not-applied" },
    );
  }
}

function assertStore(store: CheckpointStore): void {
  if (typeof store?.get === "function") return;
  const found = store instanceof Promise ? "a promise; is an await missing before openStore" : typeof store;
  throw new CheckpointError("invalid-argument", `The store: expected what openStore resolves to, and found ${found}.`);
}
