import { CheckpointError } from "../../store/checkpoint-error.ts";
import type { CheckpointStore, GetOptions, OperationOptions, PutOptions } from "../../store/checkpoint-store.ts";
import type { HoldDocument, Located, WaitingDocument } from "./hold-document.ts";
import type { HoldEnvironment } from "./hold-environment.ts";
import { systemEnvironment } from "./hold-environment.ts";
import type { AnswerRelation, HoldKind } from "./hold-kind.ts";

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

/** Finds the hold that an operation is about; `undefined` if there is none. */
export type Find<Document> = (options: GetOptions) => Promise<Located<Document> | undefined>;

/** What a judgement comes to: a verdict that stands as it is, or one that holds once `next` is written. */
export interface Judgement<Document, Verdict> {
  readonly verdict: Verdict;
  readonly next?: Document | undefined;
}

/** What to write, and the verdict that then holds. */
interface Step<Document, Verdict> {
  readonly verdict: Verdict;
  readonly next: Document;
}

/** A verdict, and the hold as it is now. */
export interface Changed<Document, Verdict> {
  readonly verdict: Verdict;
  readonly located: Located<Document> | undefined;
}

/** What became of an ask. */
export type OpenVerdict = "opened" | "found" | "past" | "different";

/** What became of an answer; `refused`: the hold does not wait, and has another answer, or none. */
export type AnswerVerdict = "applied" | "found" | "past" | "unclear" | "refused" | "not-found";

/**
 * The state machine of holds on top of any store: each transition is one conditional write of one document, judged anew
 * whenever somebody else was faster. What is particular to a kind of hold is handed in.
 *
 * @example
 * ```ts
 * const machine = new HoldMachine(store, kind);
 * await machine.open({ state: "waiting", id: "lunch", ask: { text: "Pizza?" }, votes: [], log: [], logCut: 0 });
 * const { verdict } = await machine.answer((options) => machine.load("lunch", options), { text: "Yes", by: "ada" });
 * ```
 */
export class HoldMachine<Ask, Given, Answer> {
  readonly store: CheckpointStore;
  readonly kind: HoldKind<Ask, Given, Answer>;
  readonly environment: HoldEnvironment;
  readonly #ttlMs: number | undefined;

  constructor(
    store: CheckpointStore,
    kind: HoldKind<Ask, Given, Answer>,
    options: HoldMachineOptions = {},
    environment: HoldEnvironment = systemEnvironment(options.now),
  ) {
    this.store = store;
    this.kind = kind;
    this.environment = environment;
    this.#ttlMs = options.ttlMs;
  }

  /**
   * Reads a hold by its id.
   *
   * @throws {CheckpointError} what `CheckpointStore.get` throws, and `corrupt`
   */
  async load(id: string, options: GetOptions = {}): Promise<Located<HoldDocument<Ask, Answer>> | undefined> {
    const key = this.kind.documents.key(id);
    const stored = await this.store.get(key, options);
    if (stored === null) return undefined;
    return { key, version: stored.version, document: this.kind.documents.decode(stored, id, this.store) };
  }

  /**
   * Keeps a question so that it waits for an answer. One request where the key is free.
   *
   * @throws {CheckpointError} what `CheckpointStore.put` throws, and `corrupt`; `too-large` also for a question that
   * would leave no room for an answer
   */
  async open(
    arriving: WaitingDocument<Ask, Answer>,
    options: OperationOptions & {
      /** A version that the question is known to come after: then it is written over that one at once. */
      readonly ifVersion?: string | undefined;
    } = {},
  ): Promise<Changed<HoldDocument<Ask, Answer>, OpenVerdict>> {
    const { ifVersion, ...rest } = options;
    const opened = { next: arriving, verdict: "opened" as const };
    return await this.change<OpenVerdict>(
      (loadOptions) => this.load(arriving.id, loadOptions),
      async (located) => {
        if (located === undefined || located.document.state === "forgotten") return opened;
        const found = this.kind.relateAsks(arriving.ask, located.document);
        switch (found.relation) {
          case "same":
            return { verdict: "found" };
          case "past":
          case "different":
            return { verdict: found.relation };
          case "displaces":
            await this.#keepDisplaced(located.document, rest);
            return { ...opened, next: { ...arriving, ask: found.ask } };
          case "next":
            return { ...opened, next: { ...arriving, ask: found.ask } };
        }
      },
      rest,
      // Before any read: a store without the permission to list does not tell a missing key from a forbidden one.
      [...(ifVersion === undefined ? [] : [{ ...opened, ifVersion }]), { ...opened, ifVersion: undefined }],
    );
  }

  /**
   * Gives an answer to the hold that `find` leads to. Two requests where it waits.
   *
   * @throws {CheckpointError} what `CheckpointStore.put` throws, and `corrupt`
   * @throws whatever the kind's `applyAnswer` throws
   */
  async answer(
    find: Find<HoldDocument<Ask, Answer>>,
    given: Given,
    options: OperationOptions = {},
  ): Promise<Changed<HoldDocument<Ask, Answer>, AnswerVerdict>> {
    return await this.change<AnswerVerdict>(
      find,
      async (located) => {
        if (located === undefined || located.document.state === "forgotten") return { verdict: "not-found" };
        const { document, version } = located;
        const relation: AnswerRelation = this.kind.relateAnswers(given, document);
        if (relation === "same") return { verdict: "found" };
        if (relation === "past") return { verdict: "past" };
        if (document.state !== "waiting") return { verdict: "refused" };
        if (relation === "unclear") return { verdict: "unclear" };
        return { verdict: "applied", next: await this.kind.applyAnswer(given, document, version) };
      },
      options,
    );
  }

  /**
   * The one way in which documents change: finds the hold, judges it, and writes what comes next under the version that
   * was judged; from the start again whenever somebody else was faster.
   *
   * @param first what to write before anything is read; without a version, only where the key is free
   * @throws {CheckpointError} `conflict` if the hold changes faster than it can be judged; what `get` and `put` throw
   * @throws whatever `judge` throws
   */
  async change<Verdict>(
    find: Find<HoldDocument<Ask, Answer>>,
    judge: (
      located: Located<HoldDocument<Ask, Answer>> | undefined,
    ) => Judgement<HoldDocument<Ask, Answer>, Verdict> | Promise<Judgement<HoldDocument<Ask, Answer>, Verdict>>,
    options: OperationOptions = {},
    first: readonly (Step<HoldDocument<Ask, Answer>, Verdict> & { readonly ifVersion: string | undefined })[] = [],
  ): Promise<Changed<HoldDocument<Ask, Answer>, Verdict>> {
    let mine: { readonly nonce: string; readonly verdict: Verdict } | undefined;
    const write = async (
      { next, verdict }: Step<HoldDocument<Ask, Answer>, Verdict>,
      ifVersion: string | undefined,
    ): Promise<Changed<HoldDocument<Ask, Answer>, Verdict> | undefined> => {
      const nonce = this.environment.newNonce();
      mine = { nonce, verdict };
      const located = await this.#put({ ...next, nonce }, ifVersion, options);
      return located === undefined ? undefined : { verdict, located };
    };
    for (const step of first) {
      const written = await write(step, step.ifVersion);
      if (written !== undefined) return written;
    }
    // What somebody hears without a write of their own must be as safe as the write that they hear of.
    let durable = first.length > 0;
    let key = "";
    for (let race = 0; race < maxRaces; race += 1) {
      const located = await find({ ...options, durable });
      if (located !== undefined) ({ key } = located);
      if (mine !== undefined && located?.document.nonce === mine.nonce) return { verdict: mine.verdict, located };
      const { next, verdict } = await judge(located);
      if (next === undefined) {
        if (durable || this.store.capabilities.showsUnacknowledged !== true) return { verdict, located };
        durable = true;
        continue;
      }
      const written = await write({ next, verdict }, located?.version);
      if (written !== undefined) return written;
    }
    throw new CheckpointError(
      "conflict",
      `${this.store.backend}: the document ${JSON.stringify(key)} at ${this.store.location} changed ${maxRaces} times meanwhile. Try again.`,
      { backend: this.store.backend, key, retryable: true, outcome: "not-applied" },
    );
  }

  /** Resolves to `undefined` if the condition does not hold, for whatever reason: the caller looks. */
  async #put(
    document: HoldDocument<Ask, Answer>,
    ifVersion: string | undefined,
    options: OperationOptions,
  ): Promise<Located<HoldDocument<Ask, Answer>> | undefined> {
    const key = this.kind.documents.key(document.id);
    const body = this.kind.documents.encode(document);
    this.#assertRoom(document, key, body);
    const condition: PutOptions = ifVersion === undefined ? { ifAbsent: true } : { ifVersion };
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { version } = await this.store.put(key, body, { ...options, ...condition, ttlMs: this.#ttlOf(document) });
        return { key, version, document };
      } catch (error) {
        if (CheckpointError.is(error, "conflict")) return undefined;
        const isUnknown = CheckpointError.is(error) && error.outcome === "unknown";
        if (!isUnknown || attempt === maxSettlements || options.signal?.aborted === true) throw error;
        const stored = await this.load(document.id, { ...options, durable: true }).catch(() => {
          throw error;
        });
        if (stored?.document.nonce === document.nonce) return stored;
        if (stored?.version !== ifVersion) return undefined;
        // As it was; the write may still arrive. The same write under the same condition takes effect once at most.
      }
    }
  }

  async #keepDisplaced(document: HoldDocument<Ask, Answer>, options: OperationOptions): Promise<void> {
    const { displacedKey, encode } = this.kind.documents;
    if (displacedKey === undefined) throw new TypeError("a kind whose asks displace names a displacedKey");
    await this.store.put(displacedKey(document), encode(document), options);
  }

  #ttlOf(document: HoldDocument<Ask, Answer>): number | undefined {
    const endedAt = this.#ttlMs === undefined ? undefined : this.kind.documents.endedAt(document);
    if (this.#ttlMs === undefined || endedAt === undefined) return undefined;
    const leftMs = endedAt.getTime() + this.#ttlMs - this.environment.now().getTime();
    return Math.max(1, Math.min(this.#ttlMs, leftMs));
  }

  /** A hold whose document left no room for what comes next would be stuck for ever. */
  #assertRoom(document: HoldDocument<Ask, Answer>, key: string, body: Uint8Array): void {
    const { maxBodyBytes } = this.store.capabilities;
    const reservedBytes = reservedFor(document, maxBodyBytes);
    if (body.byteLength <= maxBodyBytes - reservedBytes) return;
    const { backend } = this.store;
    throw new CheckpointError(
      "too-large",
      `${backend}: the document ${JSON.stringify(key)} would have ${body.byteLength} bytes; at most ${maxBodyBytes - reservedBytes} are allowed, which is what the store takes less ${reservedBytes} for what is added later. Nothing was stored. Keep large content elsewhere, and put a reference to it in its place.`,
      { backend, operation: "put", key, outcome: "not-applied" },
    );
  }
}

/** How many bytes a document leaves free: for the answer while it waits, and for who acts and what came of it after. */
function reservedFor(document: HoldDocument<unknown, unknown>, maxBodyBytes: number): number {
  if (document.state === "waiting") return Math.min(1024 * 1024, Math.floor(maxBodyBytes / 8));
  return document.state === "answered" ? Math.min(64 * 1024, Math.floor(maxBodyBytes / 32)) : 0;
}
