import { randomBytes } from "node:crypto";

import type { CheckpointStore, StoreOptions } from "@holdpoint/core";

import { bodyOf } from "./expect/body-of.ts";
import { forEachConcurrently } from "./expect/for-each-concurrently.ts";
import { settlesWithin } from "./expect/settles-within.ts";
import { describeWaiting, WaitingList } from "./expect/waiting-list.ts";
import { watchStore } from "./expect/watch-store.ts";
import type { CaseContext, CaseOutcome, ConformanceCase, LongListing } from "./conformance-case.ts";
import { groupOf } from "./conformance-case.ts";
import { conformanceGroups } from "./conformance-groups.ts";
import { conformanceCases } from "./cases/conformance-cases.ts";
import { checkRefusal } from "./cases/check-refusal.ts";
import { ConformanceFailure } from "./conformance-failure.ts";
import type { ConformanceHarness } from "./conformance-harness.ts";
import type { ConformanceOptions, ConformanceSettings } from "./conformance-options.ts";
import { defaultSettings } from "./conformance-options.ts";
import { harnessHas } from "./harness-has.ts";
import { openLocalParticipants } from "./participants/local-participants.ts";
import { WorkerPool } from "./participants/worker-pool.ts";

/** Runs cases against one store, and keeps what they share: processes, and the namespace of the long listings. */
export class ConformanceRun implements AsyncDisposable {
  /** The cases that apply to the harness, in their order. */
  readonly cases: readonly ConformanceCase[];
  readonly settings: ConformanceSettings;
  readonly #harness: ConformanceHarness;
  readonly #pool: WorkerPool | undefined;
  // So that a server that keeps what it is given can be used again and again.
  readonly #id = randomBytes(4).toString("hex");
  #namespaces = 0;
  #longListing: Promise<LongListing> | undefined;

  constructor(harness: ConformanceHarness, options: ConformanceOptions = {}) {
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    const seed = Math.floor(Math.random() * 2 ** 31);
    this.settings = { ...defaultSettings, groups: conformanceGroups, seed, ...given };
    this.#harness = harness;
    this.#pool = harness.worker === undefined ? undefined : new WorkerPool(harness.worker, this.settings.processes);
    this.cases = conformanceCases.filter(
      (conformanceCase) =>
        this.settings.groups.includes(groupOf(conformanceCase)) &&
        (conformanceCase.needsHarness === undefined || harnessHas(harness, conformanceCase.needsHarness)),
    );
  }

  /** @throws {ConformanceFailure} if the store gets the case wrong */
  async run(conformanceCase: ConformanceCase): Promise<CaseOutcome> {
    const closing: (() => Promise<unknown>)[] = [];
    const waiting = new WaitingList();
    try {
      return await settlesWithin(
        `the case ${conformanceCase.id}`,
        this.settings.caseTimeoutMs,
        this.#attempt(conformanceCase, closing, waiting),
        async () => describeWaiting([["", waiting.report], ...((await this.#pool?.reports()) ?? [])]),
      );
    } catch (error) {
      // Processes in the middle of something would take its end for that of what the next case asks of them.
      await this.#pool?.stop();
      throw new ConformanceFailure(conformanceCase, error);
    } finally {
      // How closing fails or hangs is for the cases on the lifecycle to say.
      await Promise.allSettled(closing.map((close) => settlesWithin("close", 5_000, close())));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool?.stop();
  }

  async #attempt(
    conformanceCase: ConformanceCase,
    closing: (() => Promise<unknown>)[],
    waiting: WaitingList,
  ): Promise<CaseOutcome> {
    const context = await this.#context(closing, waiting);
    const { needs } = conformanceCase;
    if (needs === undefined || context.store.capabilities[needs])
      return (await conformanceCase.run(context)) ?? "passed";
    await checkRefusal[needs](context);
    return "refused as declared";
  }

  async #context(closing: (() => Promise<unknown>)[], waiting: WaitingList): Promise<CaseContext> {
    const namespace = this.#newNamespace();
    const watch = (store: CheckpointStore): CheckpointStore => watchStore(store, waiting);
    const openWatched = async (name: string, options?: StoreOptions): Promise<CheckpointStore> => {
      const opened = waiting.begin("the store to be opened");
      try {
        return watch(await this.#harness.open(name, options));
      } finally {
        opened();
      }
    };
    const open = async (name = namespace, options?: StoreOptions): Promise<CheckpointStore> => {
      const store = await openWatched(name, options);
      closing.push(async () => store.close());
      return store;
    };
    return {
      harness: this.#harness,
      settings: this.settings,
      namespace,
      store: await open(),
      open,
      watch,
      newNamespace: () => this.#newNamespace(),
      participants: async () => {
        const participants =
          this.#pool === undefined
            ? await openLocalParticipants(this.settings.processes, () => openWatched(namespace))
            : await this.#pool.join(namespace);
        closing.push(() => participants.leave());
        return participants;
      },
      longListing: () => (this.#longListing ??= this.#fillLongListing()),
    };
  }

  async #fillLongListing(): Promise<LongListing> {
    const namespace = this.#newNamespace();
    const keys = Array.from(
      { length: this.settings.listedKeys },
      (_, index) => `page/${String(index).padStart(5, "0")}.json`,
    );
    await using store = await this.#harness.open(namespace);
    await forEachConcurrently(keys, this.settings.concurrency, (key) => store.put(key, bodyOf(key)));
    return { namespace, keys };
  }

  #newNamespace(): string {
    this.#namespaces += 1;
    return `t${this.#id}-${this.#namespaces}`;
  }
}
