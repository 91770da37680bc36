import { createHoldsIn } from "../src/holds/create-holds.ts";
import type { Holds } from "../src/holds/holds.ts";
import type { HoldEnvironment } from "../src/holds/machine/hold-environment.ts";
import type { CheckpointStore, PutOptions } from "../src/store/checkpoint-store.ts";

type CreateHolds = (store: CheckpointStore, environment: HoldEnvironment) => Holds;

const decode = (body: Uint8Array): string => new TextDecoder().decode(body);

/** Holds that write some documents whatever has become of them meanwhile. */
function writingBlindly(isBlind: (body: string) => boolean): CreateHolds {
  return (store, environment) =>
    createHoldsIn(
      {
        ...store,
        put: async (key: string, body: Uint8Array, options: PutOptions = {}) =>
          await store.put(key, body, isBlind(decode(body)) ? {} : options),
      },
      environment,
    );
}

interface BadHolds {
  readonly scenario: string;
  /** Whether it shows without a crash, a lost answer or a late write. */
  readonly needsNoFault?: boolean;
  readonly createHolds: CreateHolds;
}

/** Holds that break one promise each, by the scenario that shows it. */
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
          const result = await work({ idempotencyKey: "key" } as never);
          return await holds.act(id, () => result, options);
        },
      };
    },
  },
  "an expiry that is applied whatever has come meanwhile": {
    scenario: "a question whose time is over, a late answer, and a program",
    createHolds: writingBlindly((body) => /"state":"answered".*"did":"expired"/u.test(body)),
  },
  "votes that race and are lost": {
    scenario: "two votes, and a rejection",
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
          for await (const { id, key, state } of holds.list()) {
            if (id !== "" && (state === "done" || state === "canceled")) await store.delete(key);
          }
          return { examined: 0, removed: 0, compacted: 0 };
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
          const document = JSON.parse(decode(found?.body ?? new Uint8Array())) as Record<string, unknown>;
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
};
