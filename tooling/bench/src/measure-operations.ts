import type { Effort } from "./compare.ts";
import { compare } from "./compare.ts";
import type { Comparison } from "./compare.ts";
import type { Contestant } from "./contestant.ts";
import type { Body, PlainStore } from "./plain-store.ts";
import { createBody } from "./plain-store.ts";

/** One set of comparisons: the same bodies, as many in flight. */
export interface Setting {
  readonly bodyBytes: number;
  readonly inFlight: number;
}

/** The comparisons of one setting. */
export interface SettingResult extends Setting {
  readonly group: "store" | "listing" | "ledger" | "socket" | "state proxy";
  readonly comparisons: readonly Comparison[];
}

type StoreOperation = "put if absent" | "get" | "put if version";

// What is larger is taken away again at once, so that neither disks nor servers in memory fill up.
const mostKeptBytes = 16 * 1_024;

/** Creates, reads and updates values through every contestant. */
export async function measureOperations(
  stores: readonly PlainStore[],
  { bodyBytes, inFlight }: Setting,
  effort: Effort,
): Promise<SettingResult> {
  const body = createBody(bodyBytes);
  const contestants = stores.map((store) => storeContestant(store, body));
  const operations = ["put if absent", "get", "put if version"] as const;
  return { group: "store", bodyBytes, inFlight, comparisons: await compare(contestants, operations, inFlight, effort) };
}

function storeContestant(store: PlainStore, body: Body): Contestant<StoreOperation> {
  const { read, update } = store;
  return {
    name: store.name,
    operations: {
      "put if absent": async (item) => {
        item.version = await store.create(item.key, body);
      },
      ...(read === undefined
        ? {}
        : {
            get: async ({ key }) => {
              const { content } = await read(key);
              if (content.length !== body.bytes.length) throw new Error(`${store.name} read ${content.length} bytes`);
            },
          }),
      ...(update === undefined ? {} : { "put if version": ({ key, version }) => update(key, body, version) }),
    },
    forget: body.bytes.length > mostKeptBytes ? ({ key }) => store.remove(key) : undefined,
  };
}

const listedKeys = 1_000;

/** Lists a thousand keys through every contestant that can. */
export async function measureListing(stores: readonly PlainStore[], effort: Effort): Promise<SettingResult> {
  const body = createBody(1_024);
  const listing = stores.filter(({ list }) => list !== undefined);
  for (const store of listing) {
    for (let first = 0; first < listedKeys; first += 50) {
      const keys = Array.from({ length: 50 }, (_, index) => `listed/${first + index}.json`);
      await Promise.all(keys.map((key) => store.create(key, body)));
    }
  }
  const contestants = listing.map(({ name, list }): Contestant<"list 1000"> => ({
    name,
    operations: {
      "list 1000": async () => {
        const found = await list?.("listed/");
        if (found !== listedKeys) throw new Error(`${name} listed ${found} keys`);
      },
    },
  }));
  const comparisons = await compare(contestants, ["list 1000"], 1, effort);
  return { group: "listing", bodyBytes: body.bytes.length, inFlight: 1, comparisons };
}
