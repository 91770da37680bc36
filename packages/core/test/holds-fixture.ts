import { createHolds } from "../src/holds/create-holds.ts";
import type { Holds } from "../src/holds/holds.ts";
import { createMemoryStore } from "../src/drivers/memory-store.ts";
import type { CountingStore } from "./count-requests.ts";
import { countRequests } from "./count-requests.ts";

/** Holds on a memory store, with a clock that moves a second at each look. */
export async function openHolds(): Promise<
  CountingStore & { readonly holds: Holds; readonly elapse: (ms: number) => void }
> {
  const counting = countRequests(await createMemoryStore());
  let time = Date.parse("2026-01-31T12:00:00Z");
  const holds = createHolds(counting.store, { now: () => new Date((time += 1_000)) });
  return { ...counting, holds, elapse: (ms) => void (time += ms) };
}

/** A person as an identity provider knows them. */
export function person(subject: string): { readonly issuer: string; readonly subject: string } {
  return { issuer: "https://login.example.com", subject };
}
