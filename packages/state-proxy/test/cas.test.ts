import { afterAll, describe, expect, it } from "vitest";

import { createMemoryStore } from "@holdpoint/core";

import { removePlaces, sharedStores } from "./every-store.ts";
import { PythonMount } from "./python-mount.ts";
import type { ServedMount } from "./served-mount.ts";
import { ask, send, serveMount } from "./served-mount.ts";

afterAll(removePlaces);

const writers = 8;
const timesEach = 5;

function expectOneWinner(statuses: readonly (number | undefined)[]): void {
  expect(statuses.filter((status) => status === 204)).toHaveLength(1);
  expect(statuses.filter((status) => status === 409)).toHaveLength(writers - 1);
}

describe.each(sharedStores)("mode cas on $name", ({ isMissing, open, place }) => {
  it.skipIf(isMissing)("loses no increment of eight actors, each with a connector of its own", async () => {
    const shared = await place();
    await using stack = new AsyncDisposableStack();
    const actors = await Promise.all(
      Array.from({ length: writers }, async () => {
        const mount = stack.use(await serveMount(await open(shared), { mode: "cas" }));
        return stack.use(new PythonMount(mount.socketPath));
      }),
    );
    await actors[0]?.write("counter", "0");
    const outcomes = await Promise.all(actors.map((actor) => actor.increment("counter", timesEach)));
    expect(outcomes.map(({ written }) => written)).toEqual(actors.map(() => timesEach));
    expect(String(await actors[0]?.read("counter"))).toBe(String(writers * timesEach));
  });

  it.skipIf(isMissing)("lets one of eight create a file, by whatever mode of Python", async () => {
    const shared = await place();
    await using stack = new AsyncDisposableStack();
    const mounts = await Promise.all(
      Array.from({ length: writers }, async () => stack.use(await serveMount(await open(shared), { mode: "cas" }))),
    );
    const answers = await Promise.all(
      mounts.map((mount, index) =>
        ask(mount, "PUT", "/keys/once", {
          body: String(index),
          headers: index % 2 === 0 ? { "If-None-Match": "*" } : {},
        }),
      ),
    );
    expectOneWinner(answers.map(({ status }) => status));
    const won = answers.findIndex(({ status }) => status === 204);
    expect(String((await ask(mounts[0] as ServedMount, "GET", "/keys/once")).body)).toBe(String(won));
  });

  it.skipIf(isMissing)("refuses to replace or remove what another has written since it was read", async () => {
    const shared = await place();
    await using mine = await serveMount(await open(shared), { mode: "cas" });
    await using theirs = await serveMount(await open(shared), { mode: "cas" });
    expect((await ask(mine, "PUT", "/keys/k", { body: "1" })).status).toBe(204);
    // Known by having been written, and then by having been read.
    expect((await ask(mine, "PUT", "/keys/k", { body: "2" })).status).toBe(204);
    expect(String((await ask(theirs, "GET", "/keys/k")).body)).toBe("2");
    expect((await ask(theirs, "PUT", "/keys/k", { body: "3" })).status).toBe(204);
    const refused = await ask(mine, "PUT", "/keys/k", { body: "4" });
    expect({ status: refused.status, body: JSON.parse(String(refused.body)) as unknown }).toEqual({
      status: 409,
      body: { error: "conflict", message: expect.stringContaining("has changed") as string },
    });
    // Again without having read: it is not that the second time is let through.
    expect((await ask(mine, "PUT", "/keys/k", { body: "4" })).status).toBe(409);
    expect(String((await ask(mine, "GET", "/keys/k")).body)).toBe("3");
    expect((await ask(theirs, "PUT", "/keys/k", { body: "5" })).status).toBe(204);
    expect((await ask(mine, "DELETE", "/keys/k")).status).toBe(409);
    expect((await ask(mine, "GET", "/keys/k")).status).toBe(200);
    expect((await ask(mine, "DELETE", "/keys/k")).status).toBe(204);
    // Theirs is gone, which is no reason to bring it back.
    expect((await ask(theirs, "PUT", "/keys/k", { body: "6" })).status).toBe(409);
    expect((await ask(theirs, "GET", "/keys/k")).status).toBe(404);
    expect((await ask(theirs, "PUT", "/keys/k", { body: "7" })).status).toBe(204);
  });
});

describe("mode cas", () => {
  it("forgets what was seen longest ago, and then refuses to replace it until it is read again", async () => {
    await using mount = await serveMount(await createMemoryStore(), { mode: "cas", maxSeenKeys: 3 });
    for (const key of ["a", "b", "c"])
      expect((await ask(mount, "PUT", `/keys/${key}`, { body: "1" })).status).toBe(204);
    // Seen again, so that b is now the one of longest ago.
    expect((await ask(mount, "GET", "/keys/a")).status).toBe(200);
    expect((await ask(mount, "PUT", "/keys/d", { body: "1" })).status).toBe(204);
    expect((await ask(mount, "PUT", "/keys/a", { body: "2" })).status).toBe(204);
    const refused = await ask(mount, "PUT", "/keys/b", { body: "2" });
    expect({ status: refused.status, text: String(refused.body) }).toMatchObject({
      status: 409,
      text: expect.stringContaining("not read it, or not lately") as string,
    });
    expect((await ask(mount, "GET", "/keys/b")).status).toBe(200);
    expect((await ask(mount, "PUT", "/keys/b", { body: "2" })).status).toBe(204);
    const { body } = await ask(mount, "GET", "/metrics");
    expect(String(body)).toMatch(/^state_proxy_remembered_keys 3$/mu);
    expect(String(body)).toMatch(/^state_proxy_forgotten_keys [1-9]\d*$/mu);
  });

  it("takes nothing for read that was only asked about", async () => {
    const store = await createMemoryStore();
    await using mount = await serveMount(store, { mode: "cas" });
    await ask(mount, "PUT", "/keys/k", { body: "1" });
    await store.put("k", new TextEncoder().encode("another's"));
    expect((await ask(mount, "HEAD", "/keys/k")).status).toBe(200);
    expect((await ask(mount, "GET", "/keys/?prefix=&delimiter=/")).status).toBe(200);
    expect((await ask(mount, "GET", "/meta/k?attr=version")).status).toBe(200);
    expect((await ask(mount, "PUT", "/meta/k?attr=ttl", { body: '{"value":"60"}' })).status).toBe(204);
    expect((await ask(mount, "PUT", "/keys/k", { body: "2" })).status).toBe(409);
  });

  it("takes a file that was looked for and missed for one that may be created", async () => {
    const store = await createMemoryStore();
    await using mount = await serveMount(store, { mode: "cas" });
    await ask(mount, "PUT", "/keys/k", { body: "1" });
    await store.delete("k");
    expect((await ask(mount, "HEAD", "/keys/k")).status).toBe(404);
    expect((await ask(mount, "PUT", "/keys/k", { body: "2" })).status).toBe(204);
  });

  it("goes by what was read before a write began, and not while it was being sent", async () => {
    const store = await createMemoryStore();
    await using mount = await serveMount(store, { mode: "cas" });
    await ask(mount, "PUT", "/keys/k", { body: "1" });
    const started = Promise.withResolvers<void>();
    const proceed = Promise.withResolvers<void>();
    async function* body(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode("stale ");
      started.resolve();
      await proceed.promise;
      yield new TextEncoder().encode("value");
    }
    const slow = send(mount, "/keys/k", body());
    await started.promise;
    await expect.poll(async () => String((await ask(mount, "GET", "/metrics")).body)).toMatch(/_in_hand 2$/mu);
    await store.put("k", new TextEncoder().encode("another's"));
    expect((await ask(mount, "GET", "/keys/k")).status).toBe(200);
    proceed.resolve();
    expect(await slow).toBe(409);
    // The reading counts for whoever has done it.
    expect((await ask(mount, "PUT", "/keys/k", { body: "2" })).status).toBe(204);
  });

  it("lets one of several writes win that one mount makes at a time", async () => {
    await using mount = await serveMount(await createMemoryStore(), { mode: "cas" });
    await ask(mount, "PUT", "/keys/k", { body: "0" });
    const proceed = Promise.withResolvers<void>();
    async function* body(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode("x");
      await proceed.promise;
    }
    const sent = Array.from({ length: writers }, () => send(mount, "/keys/k", body()));
    await expect.poll(async () => String((await ask(mount, "GET", "/metrics")).body)).toMatch(/_in_hand 9$/mu);
    proceed.resolve();
    const statuses = await Promise.all(sent);
    expectOneWinner(statuses);
  });

  it("keeps to the versions of a client that keeps them itself", async () => {
    await using mount = await serveMount(await createMemoryStore(), { mode: "cas" });
    await ask(mount, "PUT", "/keys/k", { body: "1" });
    const mine = (await ask(mount, "GET", "/keys/k")).headers.etag ?? "";
    const replaced = await ask(mount, "PUT", "/keys/k", { body: "2", headers: { "If-Match": mine } });
    expect({ status: replaced.status, etag: replaced.headers.etag }).toEqual({
      status: 204,
      etag: (await ask(mount, "HEAD", "/keys/k")).headers.etag,
    });
    expect((await ask(mount, "PUT", "/keys/k", { body: "3", headers: { "If-Match": mine } })).status).toBe(409);
    expect((await ask(mount, "DELETE", "/keys/k", { headers: { "If-Match": mine } })).status).toBe(409);
    for (const headers of [{ "If-Match": "*" }, { "If-Match": '"1", "2"' }, { "If-None-Match": '"1"' }]) {
      expect((await ask(mount, "PUT", "/keys/k", { body: "3", headers })).status).toBe(400);
    }
    const etag = replaced.headers.etag ?? "";
    expect((await ask(mount, "DELETE", "/keys/k", { headers: { "If-Match": etag } })).status).toBe(204);
  });
});

describe("mode lww", () => {
  it("replaces whatever is there", async () => {
    const store = await createMemoryStore();
    await using mount = await serveMount(store, { mode: "lww" });
    await ask(mount, "PUT", "/keys/k", { body: "1" });
    await store.put("k", new TextEncoder().encode("another's"));
    expect((await ask(mount, "PUT", "/keys/k", { body: "2" })).status).toBe(204);
    expect((await ask(mount, "DELETE", "/keys/k")).status).toBe(204);
  });
});
