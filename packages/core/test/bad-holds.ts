import { createHoldsIn } from "../src/holds/create-holds.ts";
import type { Holds } from "../src/holds/holds.ts";
import type { HoldEnvironment } from "../src/holds/machine/hold-environment.ts";
import { NotApplied } from "../src/holds/not-applied.ts";
import type { CheckpointStore, GetOptions, PutOptions } from "../src/store/checkpoint-store.ts";

type CreateHolds = (store: CheckpointStore, environment: HoldEnvironment) => Holds;

const decode = (body: Uint8Array): string => new TextDecoder().decode(body);

/** A store with some of its methods replaced. */
function withMethods(store: CheckpointStore, methods: Partial<CheckpointStore>): CheckpointStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(name in methods ? methods : target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** Holds that write some documents whatever has become of them meanwhile. */
function writingBlindly(isBlind: (body: string) => boolean): CreateHolds {
  return (store, environment) =>
    createHoldsIn(
      withMethods(store, {
        put: async (key: string, body: Uint8Array, options: PutOptions = {}) =>
          await store.put(key, body, isBlind(decode(body)) ? {} : options),
      }),
      environment,
    );
}

interface BadHolds {
  /** The scenario of all interleavings that shows it. @default none: random histories do */
  readonly scenario?: string;
  /** Whether random histories of the model show it: a race is none. @default true */
  readonly isModelled?: boolean;
  /** Whether it shows without a crash, a lost answer or a late write. */
  readonly needsNoFault?: boolean;
  readonly createHolds: CreateHolds;
}

/** Holds that break one promise each, and what shows it. */
export const badHolds: Readonly<Record<string, BadHolds>> = {
  "no claim before the work": {
    scenario: "two programs act at the same time",
    createHolds: (store, environment) => {
      const holds = createHoldsIn(store, environment);
      return {
        ...holds,
        act: async (id, work, options) => {
          const details = await holds.inspect(id);
          if (details?.state !== "answered") return await holds.act(id, work, options);
          const { signal } = new AbortController();
          const result = await work({ idempotencyKey: "key", attempt: 1, signal } as never);
          return await holds.act(id, () => result, options);
        },
      };
    },
  },
  "an expiry that is applied whatever has come meanwhile": {
    scenario: "a question whose time is over, a late answer, and a program",
    isModelled: false,
    createHolds: writingBlindly((body) => /"state":"answered".*"did":"expired"/u.test(body)),
  },
  "votes that race and are lost": {
    scenario: "two votes, and a rejection",
    isModelled: false,
    createHolds: writingBlindly((body) =>
      /"state":"(?:waiting|answered)".*"votes":\[\{|"state":"waiting".*"did":"voted"/u.test(body),
    ),
  },
  "a prune that forgets": {
    scenario: "a program, a cancelation and a prune",
    createHolds: (store, environment) => {
      const holds = createHoldsIn(store, environment);
      return {
        ...holds,
        prune: async () => {
          let compacted = 0;
          for await (const { key, state } of holds.list()) {
            if (!["done", "rejected", "canceled", "expired"].includes(state)) continue;
            await store.delete(key);
            compacted += 1;
          }
          return { examined: compacted, removed: 0, compacted };
        },
      };
    },
  },
  "a lease that is judged by clocks that differ": {
    scenario: "two programs act at the same time",
    needsNoFault: true,
    createHolds: (store, environment) => {
      const holds = createHoldsIn(store, environment);
      return {
        ...holds,
        act: async (id, work, options) => {
          const found = await store.get(`holds/${id}.json`);
          const document = JSON.parse(found === null ? "{}" : decode(found.body)) as Record<string, unknown>;
          if (document["state"] === "acting") {
            // By a clock an hour ahead, every lease is over.
            const { claim: _claim, ...rest } = document;
            const freed = { ...rest, state: "answered", attempts: 1, nonce: environment.newNonce() };
            const body = new TextEncoder().encode(JSON.stringify(freed));
            await store.put(`holds/${id}.json`, body, { ifVersion: found?.version });
          }
          return await holds.act(id, work, options);
        },
      };
    },
  },
  "a receipt that is not written under the claim": {
    createHolds: writingBlindly((body) => /"state":"done".*"did":"finished"/u.test(body)),
  },
  "a throw that is taken for no effect": {
    createHolds: (store, environment) => {
      const holds = createHoldsIn(store, environment);
      return {
        ...holds,
        act: async (id, work, options) =>
          await holds.act(
            id,
            async (given) => {
              try {
                return await work(given as never);
              } catch (error) {
                throw new NotApplied("it threw", { cause: error });
              }
            },
            options,
          ),
      };
    },
  },
  "an expiry that a reader applies": {
    createHolds: (store, environment) => {
      const holds = createHoldsIn(store, environment);
      return {
        ...holds,
        inspect: async (id, options) => {
          await holds.expire(options);
          return await holds.inspect(id, options);
        },
      };
    },
  },
  "an expiry that is applied twice": {
    createHolds: (store, environment) => {
      const holds = createHoldsIn(store, environment);
      return {
        ...holds,
        expire: async (options) => {
          for await (const { key } of holds.list()) {
            const found = await store.get(key);
            const text = decode(found?.body ?? new Uint8Array());
            // As if it still waited, whatever became of it in its time.
            const waiting = text.replace(/"state":"(?:expired|rejected)"/u, '"state":"waiting","votes":[]');
            if (/"did":"expired"/u.test(text)) await store.put(key, new TextEncoder().encode(waiting));
          }
          return await holds.expire(options);
        },
      };
    },
  },
  "votes that count twice": {
    createHolds: (store, environment) => {
      const unsigned = withMethods(store, {
        get: async (key: string, options?: GetOptions) => {
          const found = await store.get(key, options);
          if (found === null) return null;
          const text = decode(found.body);
          if (!text.includes('"state":"waiting"')) return found;
          // Whoever votes is not looked for among those who have.
          return { ...found, body: new TextEncoder().encode(text.replaceAll('"subject":"ada"', '"subject":"Ada"')) };
        },
      });
      return createHoldsIn(unsigned, environment);
    },
  },
};
