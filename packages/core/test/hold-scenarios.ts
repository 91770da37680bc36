import { canonicalJson } from "../src/json/lossless-json.ts";
import type { HoldRequest } from "../src/holds/hold-ask.ts";
import { HoldError } from "../src/holds/hold-error.ts";
import type { ActOptions } from "../src/holds/holds.ts";
import type { Checks } from "./explore.ts";
import { person } from "./holds-fixture.ts";
import type { Actor, Scenario, SimulatedWorld } from "./simulated-world.ts";

const id = "a";
const key = "holds/a.json";
const request: HoldRequest = { ask: { message: "Refund?", decisions: ["approve", "reject"] }, content: 5_000 };

interface Stored {
  readonly state: string;
  readonly ended?: string;
  readonly answer?: { readonly given: object; readonly by: unknown };
  readonly votes?: readonly { readonly by: unknown }[];
  readonly receipt?: unknown;
  readonly ask?: { readonly idempotencyKey: string };
}

/** Asks, and acts if it may. */
export function program(options: ActOptions, asked: HoldRequest = request): Actor {
  return async ({ holds, pay, told }) => {
    await holds.open(id, asked);
    const done = await holds.act(id, async ({ idempotencyKey }) => await pay(idempotencyKey), options);
    told(done.outcome === "done" ? `done ${String(done.receipt ?? done.omitted)}` : done.outcome);
  };
}

/** Acts on what was asked and answered. */
export function worker(options: ActOptions): Actor {
  return async ({ holds, pay, told }) => {
    const done = await holds.act(id, async ({ idempotencyKey }) => await pay(idempotencyKey), options);
    told(done.outcome === "done" ? `done ${String(done.receipt ?? done.omitted)}` : done.outcome);
  };
}

/** Answers. */
export function answerer(who: string, decision: string): Actor {
  return async ({ holds, told }) => {
    const { outcome } = await holds.answer(id, { decision }, { by: person(who) });
    told(`${outcome} ${who} ${decision}`);
  };
}

/** Cancels. */
export const canceler: Actor = async ({ holds }) => {
  await holds.cancel(id);
};

/** Applies what is over. */
export const expirer: Actor = async ({ holds }) => {
  await holds.expire();
};

/** Prunes what has ended. */
export const pruner: Actor = async ({ holds }) => {
  await holds.prune({ olderThanMs: 0 });
};

/** Has asked. */
export const asked =
  (asking: HoldRequest = request): Actor =>
  async ({ holds }) => {
    await holds.open(id, asking);
  };

/** Has asked, and had an answer. */
export const answered: Actor = async ({ holds }) => {
  await holds.open(id, request);
  await holds.answer(id, { decision: "approve" }, { by: person("ada") });
};

/** Has paid, and died before its receipt. */
export const diedAfterPaying =
  (options: ActOptions): Actor =>
  async (tools) => {
    await answered(tools);
    const { holds, pay } = tools;
    const { promise, resolve } = Promise.withResolvers<void>();
    const work = async ({ idempotencyKey }: { readonly idempotencyKey: string }): Promise<never> => {
      await pay(idempotencyKey);
      resolve();
      return await new Promise<never>(() => {});
    };
    void holds.act(id, work, options);
    await promise;
  };

/** What must hold in every state of every scenario. */
export function promises(options: { readonly whenInDoubt: "stop" | "again" }): Checks {
  return {
    always: (world) => {
      const history = (world.documents.get(key) ?? []).map(read);
      assertOneQuestion(history);
      assertOneAnswer(history);
      assertNothingFromNothing(world, history);
      const keys = new Set(world.effects.map((effect) => effect.key));
      assert(keys.size <= 1, `effects under several keys: ${[...keys].join(", ")}`);
      assert(
        options.whenInDoubt === "again" || world.effects.length <= 1,
        `${world.effects.length} effects under stop`,
      );
      for (const { told, name } of world.actors) for (const what of told) assertTold(what, name, world, history);
    },
    atEnd: async (world) => {
      const last = world.current(key);
      if (last === undefined) return;
      const before = world.effects.length;
      const isDone = /^(?:done|stub)$/u.test(read(last).state);
      // Whatever happened, the program that is run again comes to an end that can be told, and has no second effect.
      const again = program({ ...options, ifActing: "refuse" });
      const outcome = await world.finish(again).then(
        ({ told }) => told.join(),
        (error: unknown) => {
          if (HoldError.is(error)) return error.code;
          throw error;
        },
      );
      const isSettled = /^(?:done|rejected|canceled|expired|in-doubt|acting|not-answered)/u.test(outcome);
      assert(isSettled, `the program that is run again ends with ${outcome}`);
      assert(!isDone || world.effects.length === before, "what was done is done again");
    },
  };
}

function assertOneQuestion(history: readonly Stored[]): void {
  const begun = history.filter(
    ({ state }, index) => state === "waiting" && (index === 0 || history[index - 1]?.state === ""),
  );
  assert(begun.length <= 1, "asked twice");
  const keys = new Set(history.map(({ ask }) => ask?.idempotencyKey).filter((each) => each !== undefined));
  assert(keys.size <= 1, "asked twice, over the first");
}

const steps: Readonly<Record<string, readonly string[]>> = {
  waiting: ["waiting", "answered", "rejected", "canceled", "expired"],
  answered: ["acting", "canceled"],
  acting: ["acting", "in-doubt", "answered", "done"],
  "in-doubt": ["in-doubt", "acting", "answered", "done"],
  done: ["stub"],
  rejected: ["stub"],
  canceled: ["stub"],
  expired: ["stub"],
};

function assertOneAnswer(history: readonly Stored[]): void {
  for (const [index, now] of history.entries()) {
    const before = history[index - 1];
    if (before === undefined) continue;
    assert(steps[before.state]?.includes(now.state) === true, `${before.state} became ${now.state || "nothing"}`);
    const isSame =
      before.answer === undefined ||
      now.answer === undefined ||
      canonicalJson(before.answer) === canonicalJson(now.answer);
    assert(isSame, "answered twice");
    const voters = (before.votes ?? []).map(({ by }) => JSON.stringify(by));
    assert(new Set(voters).size === voters.length, "a vote counted twice");
    if (now.state === "waiting") assert((now.votes?.length ?? 0) === voters.length + 1, "a vote was lost");
  }
}

function assertNothingFromNothing(world: SimulatedWorld, history: readonly Stored[]): void {
  if (world.effects.length === 0) return;
  assert(
    history.some(({ state }) => state === "acting"),
    "an effect before anybody had claimed the hold",
  );
  const end = history.at(-1);
  const ended = end?.ended ?? end?.state ?? "";
  assert(!["rejected", "canceled", "expired", ""].includes(ended), `an effect, and the hold is ${ended}`);
}

function assertTold(what: string, name: string, world: SimulatedWorld, history: readonly Stored[]): void {
  const [outcome = "", who, decision] = what.split(" ");
  if (outcome === "done") assert(world.effects.length > 0, `${name} was told that it is done, and nothing was`);
  if (outcome === "answered" || outcome === "voted" || outcome === "found") {
    const isKept = history.some(({ answer, votes = [] }) =>
      [answer, ...votes].some((each) => JSON.stringify(each ?? null).includes(`"${who}"`)),
    );
    assert(isKept, `${who} was told that ${decision} counts, and it does not`);
  }
  if (outcome === "rejected" || outcome === "canceled" || outcome === "expired") {
    assert(world.effects.length === 0, `${name} was told ${outcome}, and there was an effect`);
  }
}

function read(body: string): Stored {
  return body === "" ? { state: "" } : (JSON.parse(body) as Stored);
}

function assert(holds: boolean, problem: string): asserts holds {
  if (!holds) throw new Error(problem);
}

const overdue: HoldRequest = {
  ...request,
  expiresInMs: 3_600_000,
  onExpiry: { decision: "approve" },
  allowOnExpiry: "approve",
};

const refuse = { ifActing: "refuse" } as const;

/** Every scenario, with the promise that it is under. */
export const scenarios: Readonly<Record<string, Scenario & { readonly whenInDoubt: "stop" | "again" }>> = {
  "a program that is delivered twice, and an answer": {
    actors: { first: program(refuse), second: program(refuse), ada: answerer("ada", "approve") },
    faults: 1,
    maxSteps: 7,
    whenInDoubt: "stop",
  },
  "two answers and a cancelation": {
    before: asked(),
    actors: { ada: answerer("ada", "approve"), bob: answerer("bob", "reject"), eve: canceler },
    faults: 1,
    whenInDoubt: "stop",
  },
  "two votes, and a rejection": {
    before: asked({ ...request, approvals: 2 }),
    actors: { ada: answerer("ada", "approve"), bob: answerer("bob", "approve"), eve: answerer("eve", "reject") },
    faults: 1,
    whenInDoubt: "stop",
  },
  "two programs act at the same time": {
    before: answered,
    actors: { first: worker(refuse), second: worker(refuse) },
    faults: 1,
    maxSteps: 8,
    renewals: 1,
    whenInDoubt: "stop",
  },
  "a question whose time is over, a late answer, and a program": {
    before: asked(overdue),
    actors: { expirer, ada: answerer("ada", "reject"), program: program(refuse, overdue) },
    faults: 1,
    maxSteps: 6,
    isOverdue: true,
    whenInDoubt: "stop",
  },
  "a program, a cancelation and a prune": {
    before: answered,
    actors: { worker: worker(refuse), eve: canceler, pruner },
    faults: 1,
    maxSteps: 7,
    whenInDoubt: "stop",
  },
  "two programs watch somebody who died after the payment": {
    before: diedAfterPaying({ whenInDoubt: "stop" }),
    actors: { second: worker({ whenInDoubt: "stop" }), third: worker({ whenInDoubt: "again" }) },
    faults: 1,
    whenInDoubt: "stop",
  },
  "two programs watch somebody who died after the payment, and take over": {
    before: diedAfterPaying({ whenInDoubt: "again" }),
    actors: { second: worker({ whenInDoubt: "again" }), third: worker({ whenInDoubt: "again" }) },
    faults: 1,
    maxSteps: 20,
    whenInDoubt: "again",
  },
};
