import type { CheckpointEntry, CheckpointStore } from "@holdpoint/core";
import { createPauseLedger, LedgerError } from "@holdpoint/asya";
import { CheckpointError } from "@holdpoint/core";
import { pMapIterable } from "p-map";

import type { CopyPlan, KeyOutcome } from "./copy-key.ts";
import { compareKey, copyKey, verifyKey } from "./copy-key.ts";

/** Options of {@link copyStore}. */
export interface CopyStoreOptions {
  /** Only keys that begin with it. @default "" */
  readonly prefix?: string | undefined;
  /** How many keys are under way at once; each may hold two bodies in memory. @default 16 */
  readonly concurrency?: number | undefined;
  /** Replace what differs in the target and is not explained by the task's history. @default false */
  readonly update?: boolean | undefined;
  /** Cancel tasks that wait in the target and that the source does not have (any more). @default false */
  readonly cancelRemoved?: boolean | undefined;
  /** Compare only, and write nothing. @default false */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each key. @default nobody is told, and keys are not counted beforehand */
  readonly onProgress?: ((progress: CopyProgress) => Promise<void>) | undefined;
  /** Called for each key that is not in the target as it is in the source, and for each that only the target has. */
  readonly onRemark?: ((remark: CopyRemark) => Promise<void>) | undefined;
}

/** How far a copy is. */
export interface CopyProgress {
  readonly phase: "comparing" | "copying" | "verifying";
  readonly done: number;
  readonly total: number;
}

/** One key that is worth a line. */
export interface CopyRemark {
  readonly key: string;
  readonly outcome: "differs" | "ahead" | "failed" | "only-in-target" | "canceled";
  readonly detail: string;
}

/** What a copy came to, in keys. */
export interface CopyReport {
  /** Were not in the target. */
  copied: number;
  /** Were in the target already, byte for byte. */
  alreadyThere: number;
  /** Were brought up to date, because they had changed in the source since they were copied. */
  updated: number;
  /** Were removed from the source meanwhile. */
  gone: number;
  /** Have gone on in the target since they were copied; left alone. */
  ahead: number;
  /** Are something else in the target; left alone. */
  differing: number;
  /** Could not be copied. */
  failed: number;
  /** Were read back from both stores and are the same, byte for byte. */
  verified: number;
  /** Are in the target and not in the source; `null` if the target would not list them. */
  onlyInTarget: number | null;
  /** Are tasks that wait in the target, of those that only the target has; they can be resumed there. */
  waitingOnlyInTarget: number;
  /** Were such tasks, and were canceled. */
  canceled: number;
}

/**
 * Copies every value of one store to another, byte for byte, then reads everything back and lists the source once more
 * for what has come meanwhile. May be interrupted at any time and called again: what is there already is not written.
 *
 * @throws {CheckpointError} if one of the stores cannot be used; what concerns one key only is counted as `failed`
 */
export async function copyStore(
  from: CheckpointStore,
  to: CheckpointStore,
  options: CopyStoreOptions = {},
): Promise<CopyReport> {
  const copy = new Copy(from, to, options);
  return options.dryRun === true ? await copy.compare() : await copy.run();
}

// These are about the one key; with any other error it makes no sense to go on.
const keyErrors = new Set(["too-large", "invalid-argument", "corrupt", "conflict", "unsupported"]);

const details = {
  ahead: "the task has gone on in the target since it was copied; left as it is",
  onlyInTarget: "the target has it, and the source does not (any more)",
  waiting: "it waits in the target, and the source does not have it (any more)",
  canceled: "it waited in the target, and the source does not have it any more; canceled",
} as const;

type Outcome = KeyOutcome | { readonly kind: "failed"; readonly problem: string };

class Copy {
  readonly #plan: CopyPlan;
  readonly #options: CopyStoreOptions;
  readonly #report: CopyReport = {
    copied: 0,
    alreadyThere: 0,
    updated: 0,
    gone: 0,
    ahead: 0,
    differing: 0,
    failed: 0,
    verified: 0,
    onlyInTarget: null,
    waitingOnlyInTarget: 0,
    canceled: 0,
  };

  constructor(from: CheckpointStore, to: CheckpointStore, options: CopyStoreOptions) {
    this.#options = options;
    this.#plan = { from, to, update: options.update ?? false, signal: options.signal };
  }

  async compare(): Promise<CopyReport> {
    await this.#pass("comparing", await this.#countForProgress(), async (key) => {
      await this.#settle(key, await attempt(() => compareKey(this.#plan, key)));
    });
    return this.#report;
  }

  async run(): Promise<CopyReport> {
    // What goes wrong with a key is counted when it has gone wrong for the second time.
    const total = await this.#pass("copying", await this.#countForProgress(), async (key) => {
      const outcome = await attempt(() => copyKey(this.#plan, key));
      if (!["differs", "failed", "ahead"].includes(outcome.kind)) await this.#settle(key, outcome);
    });
    let inBoth = 0;
    await this.#pass("verifying", total, async (key) => {
      const outcome = await attempt(async () => {
        const verification = await verifyKey(this.#plan, key);
        if (verification.verified) this.#report.verified += 1;
        if (verification.verified || verification.outcome.kind === "ahead") inBoth += 1;
        return verification.outcome;
      });
      // It was counted when it was copied, or has come to the source since.
      if (outcome.kind !== "already-there") await this.#settle(key, outcome);
    });
    await this.#lookForOthers(inBoth);
    return this.#report;
  }

  /** Does something with every key of the source, a few at a time; resolves to how many there were. */
  async #pass(phase: CopyProgress["phase"], total: number, work: (key: string) => Promise<void>): Promise<number> {
    const { concurrency = 16, onProgress } = this.#options;
    let done = 0;
    const results = pMapIterable(this.#list(this.#plan.from), async ({ key }) => await work(key), { concurrency });
    for await (const _ of results) {
      done += 1;
      await onProgress?.({ phase, done, total: Math.max(total, done) });
    }
    return done;
  }

  /** Listing is cheap, but not free. */
  async #countForProgress(): Promise<number> {
    return this.#options.onProgress === undefined ? 0 : await this.#countKeys(this.#plan.from);
  }

  async #countKeys(store: CheckpointStore): Promise<number> {
    let count = 0;
    for await (const _ of this.#list(store)) count += 1;
    return count;
  }

  #list(store: CheckpointStore): AsyncIterable<CheckpointEntry> {
    const { prefix, signal } = this.#options;
    return store.list({ prefix, signal });
  }

  async #settle(key: string, outcome: Outcome): Promise<void> {
    switch (outcome.kind) {
      case "differs":
        this.#report.differing += 1;
        await this.#remark(key, "differs", outcome.problem);
        break;
      case "failed":
        this.#report.failed += 1;
        await this.#remark(key, "failed", outcome.problem);
        break;
      case "ahead":
        this.#report.ahead += 1;
        await this.#remark(key, "ahead", details.ahead);
        break;
      case "gone":
        this.#report.gone += 1;
        break;
      case "copied":
        this.#report.copied += 1;
        break;
      case "updated":
        this.#report.updated += 1;
        break;
      case "already-there":
        this.#report.alreadyThere += 1;
    }
  }

  async #remark(key: string, outcome: CopyRemark["outcome"], detail: string): Promise<void> {
    await this.#options.onRemark?.({ key, outcome, detail });
  }

  /** Looks for keys that only the target has, if it has more than the source. */
  async #lookForOthers(inBoth: number): Promise<void> {
    const { from, to, signal } = this.#plan;
    try {
      this.#report.onlyInTarget = 0;
      if ((await this.#countKeys(to)) <= inBoth) return;
      const { concurrency = 16 } = this.#options;
      const keys = pMapIterable(
        this.#list(to),
        async ({ key }) => ((await from.get(key, { signal })) === null ? key : undefined),
        { concurrency },
      );
      for await (const key of keys) {
        if (key === undefined) continue;
        this.#report.onlyInTarget += 1;
        await this.#settleOther(key);
      }
    } catch (error) {
      if (!CheckpointError.is(error, "permission-denied")) throw error;
      this.#report.onlyInTarget = null;
    }
  }

  /**
   * Another x-resume removes a document when it resumes the task. A copy of it from an earlier run would be resumed once
   * more; a task that was paused in the target looks the same.
   */
  async #settleOther(key: string): Promise<void> {
    const { to, signal } = this.#plan;
    const ledger = createPauseLedger(to);
    const taskId = /^paused\/(.+)\.json$/su.exec(key)?.[1];
    const task = taskId === undefined ? undefined : await readableOrNothing(() => ledger.inspect(taskId, { signal }));
    if (task?.state !== "paused" || task.key !== key) {
      await this.#remark(key, "only-in-target", details.onlyInTarget);
      return;
    }
    if (this.#options.cancelRemoved === true) {
      const reason = "the store that it was copied from does not have it any more";
      const canceled = await readableOrNothing(() =>
        ledger.cancel(task.taskId, { by: "holdpoint copy", reason, ifVersion: task.version, signal }),
      );
      if (canceled === true) {
        this.#report.canceled += 1;
        await this.#remark(key, "canceled", details.canceled);
        return;
      }
    }
    this.#report.waitingOnlyInTarget += 1;
    await this.#remark(key, "only-in-target", details.waiting);
  }
}

/** `undefined` for what is no task, for several, or for one that has changed meanwhile. */
async function readableOrNothing<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    const isAboutTask =
      LedgerError.is(error) || CheckpointError.is(error, "corrupt") || CheckpointError.is(error, "conflict");
    if (isAboutTask) return undefined;
    throw error;
  }
}

async function attempt(work: () => Promise<KeyOutcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (!CheckpointError.is(error) || !keyErrors.has(error.code)) throw error;
    return { kind: "failed", problem: error.message };
  }
}
