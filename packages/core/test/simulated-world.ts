import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";

import { createHoldsIn } from "../src/holds/create-holds.ts";
import type { Holds } from "../src/holds/holds.ts";
import type { HoldEnvironment } from "../src/holds/machine/hold-environment.ts";
import { CheckpointError } from "../src/store/checkpoint-error.ts";
import type { Checkpoint, CheckpointEntry, CheckpointStore, PutOptions } from "../src/store/checkpoint-store.ts";

/** What an actor of a scenario is given. */
export interface ActorTools {
  readonly holds: Holds;
  readonly store: CheckpointStore;
  readonly environment: HoldEnvironment;
  /** The effect in the world: it may happen although the answer is lost. */
  readonly pay: (idempotencyKey: string) => Promise<string>;
  /** Effects that anybody can see, such as in the books of a bank. */
  readonly effects: () => readonly Effect[];
  /** Notes what the actor was told, for the checks. */
  readonly told: (what: string) => void;
}

/** One effect in the world. */
export interface Effect {
  readonly actor: string;
  readonly key: string;
}

/** A program or a person; run again from the top after each crash. */
export type Actor = (tools: ActorTools) => Promise<void>;

/** What several actors do at once. */
export interface Scenario {
  readonly actors: Readonly<Record<string, Actor>>;
  /** Done before anything is interleaved. */
  readonly before?: ((tools: ActorTools) => Promise<void>) | undefined;
  /** How many crashes, lost answers and late writes there may be. */
  readonly faults: number;
  /** After how many steps nobody looks further. @default none */
  readonly maxSteps?: number | undefined;
  /** How often a worker may show that it lives. */
  readonly renewals?: number | undefined;
  /** Whether the time of every question is over once the actors begin. */
  readonly isOverdue?: boolean | undefined;
  /** Makes the holds under test. @default the real ones */
  readonly createHolds?: ((store: CheckpointStore, environment: HoldEnvironment) => Holds) | undefined;
}

/** Something that may happen next. */
export interface Choice {
  readonly text: string;
  readonly happen: () => void;
}

interface Pending {
  readonly actor: RunningActor;
  readonly text: string;
  readonly isWrite: boolean;
  /** Happens in the store or in the world. */
  readonly apply: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface RunningActor {
  readonly name: string;
  life: number;
  nonces: number;
  clockMs: number;
  history: string;
  state: "runs" | "ended" | "failed";
  told: string[];
}

/** A write that was given up and may still arrive. */
interface LateWrite {
  readonly text: string;
  readonly apply: () => unknown;
}

const startMs = Date.UTC(2026, 0, 31, 12);

/**
 * A store, a world and some actors in which nothing happens by itself: each request waits until it is chosen, and may
 * be answered, lost, late, or the last that its actor made.
 */
export class SimulatedWorld {
  readonly effects: Effect[] = [];
  readonly failures: string[] = [];
  /** All documents that each key has had, oldest first. */
  readonly documents = new Map<string, string[]>();
  readonly actors: RunningActor[] = [];
  readonly #scenario: Scenario;
  readonly #values = new Map<string, string>();
  #pending: Pending[] = [];
  #late: LateWrite[] = [];
  #faults = 0;
  #renewals: number;
  #isQuiet = false;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#renewals = scenario.renewals ?? 0;
  }

  async begin(): Promise<void> {
    if (this.#scenario.before !== undefined) {
      this.#isQuiet = true;
      await this.#scenario.before(this.#tools(this.#actor("before")));
      this.#isQuiet = false;
    }
    this.#faults = this.#scenario.faults;
    for (const name of Object.keys(this.#scenario.actors)) {
      const actor = this.#actor(name);
      this.actors.push(actor);
      this.#start(actor);
    }
    await this.#settle();
  }

  /** What may happen next, always in the same order. */
  choices(): readonly Choice[] {
    const all = this.#pending.filter(({ actor }) => actor.state === "runs").flatMap((each) => this.#outcomes(each));
    const late = this.#late.map((write) => ({
      text: `${write.text}: arrives late`,
      happen: (): void => {
        this.#late = this.#late.filter((other) => other !== write);
        try {
          write.apply();
        } catch {
          // Nobody listens any more.
        }
      },
    }));
    return [...all, ...late];
  }

  async happen(choice: Choice): Promise<void> {
    choice.happen();
    await this.#settle();
  }

  /** Runs one more actor to its end, without faults: what a person or a restart would do in the end. */
  async finish(actor: Actor): Promise<RunningActor> {
    this.#isQuiet = true;
    this.#pending = [];
    const running = this.#actor("afterwards");
    await actor(this.#tools(running));
    return running;
  }

  /** The same text for worlds in which the same can happen from here on. */
  fingerprint(): string {
    const hash = createHash("sha1");
    hash.update(JSON.stringify([...this.#values].toSorted(([left], [right]) => (left < right ? -1 : 1))));
    // What an actor does next depends on what it has heard, as long as it does anything.
    const actors = this.actors.map(({ life, history, state, told }) => [state === "runs" ? [life, history] : [], told]);
    hash.update(JSON.stringify(actors));
    hash.update(JSON.stringify(this.#late.map(({ text }) => text)));
    hash.update(JSON.stringify([this.effects, this.#faults, this.#renewals]));
    return hash.digest("base64");
  }

  /** The document of a key, as it is. */
  current(key: string): string | undefined {
    return this.#values.get(key);
  }

  #actor(name: string): RunningActor {
    return { name, life: 1, nonces: 0, clockMs: 0, history: "", state: "runs", told: [] };
  }

  #start(actor: RunningActor): void {
    const { life } = actor;
    const run = this.#scenario.actors[actor.name];
    if (run === undefined) throw new Error(`there is no ${actor.name}`);
    const follow = async (): Promise<void> => {
      try {
        await run(this.#tools(actor));
        if (actor.life === life) actor.state = "ended";
      } catch (error) {
        if (actor.life !== life) return;
        actor.state = "failed";
        if (!isExpected(error)) this.failures.push(`${actor.name}: ${String(error)}`);
      }
    };
    void follow();
  }

  #crash(actor: RunningActor): void {
    actor.life += 1;
    actor.history = "";
    actor.nonces = 0;
    actor.clockMs = 0;
    this.#pending = this.#pending.filter((pending) => pending.actor !== actor);
    this.#start(actor);
  }

  async #settle(): Promise<void> {
    // Nothing here waits for anything but promises, and for the end of this turn.
    await turn();
  }

  #outcomes(pending: Pending): Choice[] {
    const { actor, text, isWrite, apply } = pending;
    const take = (outcome: string): void => {
      this.#pending = this.#pending.filter((other) => other !== pending);
      actor.history = createHash("sha1").update(`${actor.history}|${text}|${outcome}`).digest("base64");
    };
    const fault = (): void => {
      this.#faults -= 1;
    };
    const done: Choice = {
      text: `${text}: answered`,
      happen: () => {
        try {
          const result = apply();
          take(described(result));
          pending.resolve(result);
        } catch (error) {
          take(String(error));
          pending.reject(error);
        }
      },
    };
    if (this.#faults === 0) return [done];
    const attempt = (): void => {
      try {
        apply();
      } catch {
        // Nobody hears of it.
      }
    };
    const unknown = (): CheckpointError =>
      new CheckpointError("timeout", "no answer", { retryable: true, ...(isWrite ? { outcome: "unknown" } : {}) });
    const crashed: Choice = {
      text: `${text}: ${actor.name} dies before`,
      happen: () => {
        fault();
        take("dies");
        this.#crash(actor);
      },
    };
    // To die before a read is to die after what came before it.
    if (!isWrite) return [done];
    return [
      done,
      {
        text: `${text}: happens, and the answer is lost`,
        happen: () => {
          fault();
          attempt();
          take("lost");
          pending.reject(unknown());
        },
      },
      {
        text: `${text}: given up, and still on its way`,
        happen: () => {
          fault();
          this.#late.push({ text, apply });
          take("late");
          pending.reject(unknown());
        },
      },
      crashed,
      {
        text: `${text}: happens, and ${actor.name} dies`,
        happen: () => {
          fault();
          attempt();
          take("dies after");
          this.#crash(actor);
        },
      },
    ];
  }

  async #request(actor: RunningActor, text: string, isWrite: boolean, apply: () => unknown): Promise<unknown> {
    if (this.#isQuiet) return apply();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.push({ actor, text: `${actor.name} ${text}`, isWrite, apply, resolve, reject });
    return await promise;
  }

  #tools(actor: RunningActor): ActorTools {
    const environment = this.#environment(actor);
    const store = this.#storeOf(actor);
    const createHolds = this.#scenario.createHolds ?? createHoldsIn;
    return {
      store,
      environment,
      holds: createHolds(store, environment),
      pay: async (key) =>
        (await this.#request(actor, `pays under ${key}`, true, () => {
          this.effects.push({ actor: actor.name, key });
          return `paid ${key}`;
        })) as string,
      effects: () => this.effects,
      told: (what) => {
        actor.told.push(what);
      },
    };
  }

  #environment(actor: RunningActor): HoldEnvironment {
    const { life } = actor;
    const isBefore = actor.name === "before";
    return {
      worker: actor.name,
      expiryMarginMs: 0,
      // An hour is over, or not; nothing else depends on the time of day.
      now: () => new Date(startMs + (this.#scenario.isOverdue === true && !isBefore ? 7_200_000 : 0)),
      monotonicMs: () => actor.clockMs,
      random: () => 1,
      newNonce: () => `${actor.name}${life}-${(actor.nonces += 1)}`,
      sleep: async (ms, signal) => {
        if (signal?.aborted === true) return;
        // A worker's sign of life, or not: whoever watches may find it dead at any time.
        const isRenewal = Math.abs(ms - 10_000) < 1;
        if (isRenewal && (this.#renewals === 0 || this.#isQuiet)) {
          await new Promise<void>((resolve) => {
            signal?.addEventListener("abort", () => resolve(), { once: true });
          });
          return;
        }
        if (isRenewal) this.#renewals -= 1;
        // As late as it may be without being a gap, so that few looks make a lease.
        actor.clockMs += isRenewal ? ms : 2 * ms;
        const woken = this.#request(
          actor,
          isRenewal ? "wakes to show that it lives" : "looks again",
          false,
          () => null,
        );
        const aborted = new Promise<void>((resolve) => {
          signal?.addEventListener("abort", () => resolve(), { once: true });
        });
        await Promise.race([woken, aborted]);
      },
    };
  }

  #storeOf(actor: RunningActor): CheckpointStore {
    const read = (key: string): Checkpoint | null => {
      const body = this.#values.get(key);
      // As on a store whose versions are digests: equal bytes have equal versions.
      return body === undefined ? null : { key, body: new TextEncoder().encode(body), version: digest(body) };
    };
    const listKeys = async (): Promise<readonly string[]> =>
      (await this.#request(actor, "lists", false, () => [...this.#values.keys()])) as readonly string[];
    return {
      backend: "simulated",
      location: "simulated:",
      capabilities: { conditionalDelete: true, ttl: false, uniqueVersions: false, maxBodyBytes: 1_000_000 },
      get: async (key) => (await this.#request(actor, `reads ${key}`, false, () => read(key))) as Checkpoint | null,
      put: async (key: string, bytes: Uint8Array, options: PutOptions = {}) => {
        const body = new TextDecoder().decode(bytes);
        const { ifAbsent, ifVersion } = options;
        const result = await this.#request(actor, `writes ${key} (${stateOf(body)})`, true, () => {
          const found = this.#values.get(key);
          const isConflict =
            (ifAbsent === true && found !== undefined) ||
            (ifVersion !== undefined && (found === undefined || digest(found) !== ifVersion));
          if (isConflict) throw new CheckpointError("conflict", `conflict over ${key} (${stateOf(found)})`);
          this.#values.set(key, body);
          this.documents.set(key, [...(this.documents.get(key) ?? []), body]);
          return { version: digest(body) };
        });
        return result as { version: string };
      },
      delete: async (key) =>
        (await this.#request(actor, `deletes ${key}`, true, () => {
          if (this.#values.has(key)) this.documents.set(key, [...(this.documents.get(key) ?? []), ""]);
          return this.#values.delete(key);
        })) as boolean,
      list: async function* list({ prefix = "" } = {}): AsyncIterable<CheckpointEntry> {
        for (const key of await listKeys()) if (key.startsWith(prefix)) yield { key };
      },
      check: async () => {},
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  }
}

/** What an actor has heard; of a document, its version says all. */
function described(result: unknown): string {
  if (typeof result === "object" && result !== null && "version" in result) return String(result.version);
  return JSON.stringify(result) ?? "nothing";
}

function stateOf(body: string | undefined): string {
  return body === undefined ? "nothing" : (/"state":"([a-z-]+)"/u.exec(body)?.[1] ?? "a sign of life");
}

function digest(body: string): string {
  return createHash("sha1").update(body).digest("hex");
}

/** Refusals are part of the game; anything else is a fault of the code. */
function isExpected(error: unknown): boolean {
  return error instanceof Error && ["HoldError", "CheckpointError", "NotApplied"].includes(error.name);
}
