import type { CheckpointStore, ListOptions } from "@holdpoint/core";

/** A store whose listings tell what they took. */
export interface WatchedStore {
  readonly store: CheckpointStore;
  /** What the next whole look of an inbox takes, in words: it lists holds first, and what tasks displaced last. */
  readonly nextListing: () => Promise<string>;
}

/** Watches how an inbox lists a store. */
export function watchListings(inner: CheckpointStore): WatchedStore {
  let reads = 0;
  let began: { readonly at: number; readonly cpu: NodeJS.CpuUsage; readonly reads: number } | undefined;
  let waiting: ((words: string) => void)[] = [];
  const end = (): void => {
    if (began === undefined) return;
    const { user, system } = process.cpuUsage(began.cpu);
    const [tookMs, cpuMs] = [performance.now() - began.at, (user + system) / 1_000].map(Math.round);
    for (const tell of waiting)
      tell(`${tookMs} ms, ${cpuMs} ms of processor time, ${reads - began.reads} documents read`);
    waiting = [];
    began = undefined;
  };
  async function* list(options: ListOptions = {}): ReturnType<CheckpointStore["list"]> {
    if (options.prefix === "holds/") began = { at: performance.now(), cpu: process.cpuUsage(), reads };
    yield* inner.list(options);
    if (options.prefix === "superseded/") end();
  }
  const store = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name === "list") return list;
      if (name === "get") reads += 1;
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const nextListing = async (): Promise<string> => await new Promise((resolve) => void waiting.push(resolve));
  return { store, nextListing };
}
