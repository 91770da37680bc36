import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { CountingStore } from "../../test/count-requests.ts";
import { countRequests } from "../../test/count-requests.ts";
import { createMemoryStore } from "../drivers/memory-store.ts";
import type { CheckpointEntry, CheckpointStore } from "../store/checkpoint-store.ts";
import { createHolds } from "./create-holds.ts";
import { holdKey } from "./hold-id.ts";
import type { Holds } from "./holds.ts";
import { SeenVersions } from "./machine/seen-versions.ts";

let memory: CheckpointStore;
let counting: CountingStore;
let holds: Holds;
let seen: SeenVersions;

beforeEach(async () => {
  memory = await createMemoryStore();
  counting = countRequests(memory);
  holds = createHolds(counting.store);
  seen = new SeenVersions();
  for (const id of ["a", "b", "c"]) await holds.open(id, { ask: { message: "?" } });
});
afterEach(async () => await memory.close());

async function look(from = holds): Promise<{ readonly listed: readonly string[]; readonly gone: readonly string[] }> {
  const listed: string[] = [];
  for await (const { id, state } of from.list({ seen })) listed.push(`${id} ${state}`);
  return { listed: listed.toSorted(), gone: [...seen.takeGone()].toSorted() };
}

async function* keysAlone(store: CheckpointStore): AsyncIterable<CheckpointEntry> {
  for await (const { key } of store.list()) yield { key };
}

describe("a listing that is given what was seen", () => {
  it("reads and yields what has changed since, and nothing else", async () => {
    expect(await look()).toEqual({ listed: ["a waiting", "b waiting", "c waiting"], gone: [] });
    await holds.answer("b", { decision: "approve" });
    await memory.put("holds/d.json", new Uint8Array());
    await memory.delete(holdKey("c"));
    counting.takeRequests();
    expect(await look()).toEqual({ listed: ["b answered", "d corrupt"], gone: ["c"] });
    expect(counting.takeRequests().toSorted()).toEqual(["get holds/b.json", "get holds/d.json", "list"]);
    expect(await look()).toEqual({ listed: [], gone: [] });
    expect(counting.takeRequests()).toEqual(["list"]);
  });

  it("yields again what is asked again, and what somebody wants to see again", async () => {
    await look();
    await memory.delete(holdKey("c"));
    await look();
    await holds.open("c", { ask: { message: "?" } });
    expect(await look()).toEqual({ listed: ["c waiting"], gone: [] });
    seen.forget("a");
    seen.forget("nobody");
    expect((await look()).listed).toEqual(["a waiting"]);
    seen.forgetAll();
    expect((await look()).listed).toHaveLength(3);
  });

  it("says that what is no hold any more is gone, and reads it no more", async () => {
    await look();
    await holds.cancel("a");
    await look();
    // Where nothing is deleted under a condition, something is left of it.
    await createHolds(
      new Proxy(memory, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name, target);
          if (name === "capabilities") return { ...target.capabilities, conditionalDelete: false };
          return typeof member === "function" ? member.bind(target) : member;
        },
      }),
    ).forget("a");
    expect(await memory.get(holdKey("a"))).not.toBeNull();
    expect((await look()).gone).toEqual(["a"]);
    counting.takeRequests();
    expect(await look()).toEqual({ listed: [], gone: [] });
    expect(counting.takeRequests()).toEqual(["list"]);
  });

  it("takes nothing for seen that was not read, and nothing for gone that it did not come to", async () => {
    for await (const _ of holds.list({ seen })) break;
    expect(seen.takeGone()).toEqual(new Set());
    expect((await look()).listed).toHaveLength(2);
    await holds.answer("a", { decision: "approve" });
    const failing = createHolds(
      new Proxy(memory, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name, target);
          if (name === "get") return () => Promise.reject(new Error("away"));
          return typeof member === "function" ? member.bind(target) : member;
        },
      }),
    );
    await expect(look(failing)).rejects.toThrow("away");
    expect(await look()).toEqual({ listed: ["a answered"], gone: [] });
  });

  it("reads and yields everything where the store says no versions", async () => {
    const plain = createHolds(
      new Proxy(memory, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name, target);
          if (name === "capabilities") return { ...target.capabilities, listsVersions: false };
          if (name === "list") return () => keysAlone(target);
          return typeof member === "function" ? member.bind(target) : member;
        },
      }),
    );
    expect((await look(plain)).listed).toHaveLength(3);
    await memory.delete(holdKey("c"));
    expect(await look(plain)).toEqual({ listed: ["a waiting", "b waiting"], gone: ["c"] });
  });
});
