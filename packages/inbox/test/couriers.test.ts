import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";

import type { Courier, CourierOptions } from "../src/index.ts";
import { InboxError, localLogin, webhookCourier } from "../src/index.ts";
import type { ServeInboxOptions } from "../src/node.ts";
import { logIn } from "./inbox-client.ts";
import type { OpenInbox } from "./open-inbox.ts";
import { openInbox } from "./open-inbox.ts";
import type { Posted, PostServer } from "./post-server.ts";
import { startPostServer } from "./post-server.ts";
import { withGet } from "./with-get.ts";

const secret = `whsec_${Buffer.from("thirty-two bytes of a test secret").toString("base64")}`;
const poll = { timeout: 30_000 };
const hourMs = 3_600_000;

async function openDelivering(
  couriers: readonly Courier[],
  more: Partial<ServeInboxOptions> & { readonly times?: Omit<CourierOptions, "couriers"> } = {},
): Promise<OpenInbox> {
  const { times, ...options } = more;
  return await openInbox({ ...options, couriers: { couriers, lookEveryMs: 50, ...times } });
}

interface Body {
  readonly type: string;
  readonly data: { readonly id: string; readonly version: string };
}

const bodyOf = ({ body }: Posted): Body => JSON.parse(body) as Body;
const calls = ({ posted }: PostServer): readonly string[] =>
  posted.map((one) => `${bodyOf(one).type} ${bodyOf(one).data.id}`);

async function keysOf(store: CheckpointStore): Promise<readonly string[]> {
  const keys = await Array.fromAsync(store.list({ prefix: "hold-deliveries/" }));
  return keys.map(({ key }) => key.replace(/[\da-f]{64}/u, "…")).toSorted();
}

describe("a program that wants to be called", () => {
  it("is called with what a person decided, signed, once", async () => {
    await using server = await startPostServer();
    await using inbox = await openDelivering([webhookCourier({ name: "billing", url: `${server.url}/hook`, secret })]);
    await inbox.holds.open("a", { ask: { message: "Refund?" }, labels: { team: "billing" } }, { by: "agent" });
    const client = await logIn(inbox);
    const token = await client.formToken("hold?id=a");
    expect((await client.post("hold?id=a", { token, decision: "approve", comment: "Sorry." })).status).toBe(303);
    await expect.poll(() => calls(server), poll).toEqual(["hold.answered a"]);
    const [posted] = server.posted;
    const hold = await inbox.holds.inspect("a");
    expect(new Webhook(secret).verify(posted?.body ?? "", posted?.headers as Record<string, string>)).toEqual({
      type: "hold.answered",
      timestamp: hold?.answer?.at.toISOString(),
      data: {
        id: "a",
        version: hold?.version,
        askedBy: "agent",
        openedAt: hold?.openedAt?.toISOString(),
        labels: { team: "billing" },
        by: "ada@laptop",
        answer: {
          decision: "approve",
          comment: "Sorry.",
          by: "ada@laptop",
          at: hold?.answer?.at.toISOString(),
          approving: true,
          byExpiry: false,
        },
      },
    });
    expect(posted?.headers["webhook-id"]).toMatch(/^delivery_[\da-f]{32}$/u);
    await expect
      .poll(async () => await keysOf(inbox.store), poll)
      .toEqual(["hold-deliveries/billing/done/….json", "hold-deliveries/billing/since.json"]);
    await expect.poll(async () => await (await client.get("hold?id=a")).text(), poll).toContain("Taken by");
    // The hold itself is as whoever answered has left it: nobody's claim is void.
    expect((await inbox.holds.inspect("a"))?.version).toBe(hold?.version);
    expect(inbox.errors).toEqual([]);
  });

  it("is called with every end, wherever it was decided, and with nothing that had ended before", async () => {
    await using server = await startPostServer();
    await using store = await openStore("memory:");
    let now = new Date(Date.now() - hourMs);
    const earlier = createHolds(store, { now: () => now });
    await earlier.open("old", { ask: { message: "Old?" } });
    await earlier.answer("old", { decision: "approve" });
    await earlier.open("waits", { ask: { message: "Waits?" } });
    now = new Date();
    const options = { store, now: () => now };
    await using inbox = await openDelivering([webhookCourier({ name: "a", url: server.url, secret })], options);
    await earlier.answer("waits", { decision: "approve" });
    await earlier.open("no", { ask: { message: "No?" } });
    await earlier.answer("no", { decision: "reject" });
    await earlier.open("never", { ask: { message: "Never?" } });
    await earlier.cancel("never", { by: "agent", reason: "not needed" });
    await earlier.open("late", { ask: { message: "Late?" }, expiresInMs: hourMs });
    const onExpiry = { decision: "reject" };
    await earlier.open("by-time", { ask: { message: "Late?" }, expiresInMs: hourMs, onExpiry });
    await expect
      .poll(() => calls(server).toSorted(), poll)
      .toEqual(["hold.answered waits", "hold.canceled never", "hold.rejected no"]);
    now = new Date(now.getTime() + 2 * hourMs);
    await expect
      .poll(() => calls(server).slice(3).toSorted(), poll)
      .toEqual(["hold.expired late", "hold.rejected by-time"]);
    const byTime = server.posted.map(bodyOf).find(({ data }) => data.id === "by-time");
    expect(byTime?.data).toMatchObject({ answer: { byExpiry: true, decision: "reject" } });
    expect(byTime?.data).not.toHaveProperty("by");
    expect(server.posted.map(bodyOf).find(({ data }) => data.id === "never")?.data).toMatchObject({
      by: "agent",
      reason: "not needed",
    });
    expect(inbox.errors).toEqual([]);
  });

  it("is called again under one id with the same body until it has taken it, however far the hold has gone on", async () => {
    await using server = await startPostServer();
    server.answer = () => ({ status: server.posted.length === 1 ? 503 : 204 });
    await using inbox = await openDelivering([webhookCourier({ name: "a", url: server.url, secret })]);
    await inbox.holds.open("a", { ask: { message: "A?" } });
    await inbox.holds.answer("a", { decision: "approve" });
    await expect.poll(() => inbox.errors.length, poll).toBe(1);
    await inbox.holds.claim("a", { token: "sixteen characters" });
    await expect.poll(() => server.posted.length, poll).toBe(2);
    const [first, second] = server.posted;
    expect(second?.body).toBe(first?.body);
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    expect(inbox.errors[0]?.message).toMatch(
      /^Delivering what was decided of "a" to "a" failed: it answered 503\. It is tried again in \d s\.$/u,
    );
    expect(inbox.errors.every((error) => InboxError.is(error, "not-delivered"))).toBe(true);
  });

  it("is called of the labels that it has, and where there are rules, of what its groups may see", async () => {
    await using server = await startPostServer();
    const rules = { administrators: ["admins"], labels: { "team=billing": { answer: ["billing"] }, "region=eu": {} } };
    const courier = (name: string, more: Partial<Courier>): Courier =>
      webhookCourier({ name, url: `${server.url}/${name}`, secret, ...more });
    const couriers = [
      courier("billing", { groups: ["billing"] }),
      courier("admins", { groups: ["admins"], labels: ["team=*"] }),
      courier("others", { groups: ["others"] }),
    ];
    await using inbox = await openDelivering(couriers, { rules });
    const labels = { a: { team: "billing" }, b: { team: "rockets" }, c: { team: "billing", region: "eu" }, d: {} };
    for (const [id, each] of Object.entries(labels)) {
      await inbox.holds.open(id, { ask: { message: id }, labels: each });
      await inbox.holds.answer(id, { decision: "approve" });
    }
    const told = (): readonly string[] => server.posted.map((one) => `${one.path} ${bodyOf(one).data.id}`).toSorted();
    await expect.poll(told, poll).toEqual(["/admins a", "/admins b", "/admins c", "/billing a"]);
    await expect(openDelivering([courier("x", {})], { rules })).rejects.toThrow(
      'The courier "x": there are rules, so its groups have to be named',
    );
  });

  it("delays nobody else while it is down", async () => {
    await using down = await startPostServer();
    await using up = await startPostServer();
    down.answer = () => undefined;
    const couriers = [
      webhookCourier({ name: "down", url: down.url, secret }),
      webhookCourier({ name: "up", url: up.url, secret }),
    ];
    await using inbox = await openDelivering(couriers, { times: { timeoutMs: 2_000 } });
    for (const id of ["a", "b", "c"]) {
      await inbox.holds.open(id, { ask: { message: id } });
      await inbox.holds.answer(id, { decision: "approve" });
    }
    await expect.poll(() => calls(up).toSorted(), poll).toEqual(["a", "b", "c"].map((id) => `hold.answered ${id}`));
    expect(down.posted.length).toBeLessThan(3);
    down.answer = () => ({ status: 200 });
    const taken = (): number => new Set(calls(down).slice(1)).size;
    await expect.poll(taken, poll).toBe(3);
  });

  it("is a program of one's own", async () => {
    const taken: string[] = [];
    const courier: Courier = { name: "own", deliver: async ({ id, hold }) => void taken.push(`${id} ${hold.id}`) };
    await using inbox = await openDelivering([courier]);
    await inbox.holds.open("a", { ask: { message: "A?" } });
    await inbox.holds.answer("a", { decision: "approve" });
    await expect.poll(() => taken, poll).toEqual([expect.stringMatching(/^delivery_[\da-f]{32} a$/u)]);
  });
});

describe("of several inboxes on one store", () => {
  it("one calls, also where another had seen before that nobody had", async () => {
    await using server = await startPostServer();
    await using store = await openStore("memory:");
    const courier = webhookCourier({ name: "billing", url: server.url, secret });
    const seen = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const slow = withGet(store, async (key, options) => {
      const checkpoint = await store.get(key, options);
      if (key.includes("/open/") && checkpoint === null) {
        seen.resolve();
        await goOn.promise;
      }
      return checkpoint;
    });
    const holds = createHolds(store);
    await using one = await openDelivering([courier], { store: slow });
    await holds.open("a", { ask: { message: "A?" } });
    await holds.answer("a", { decision: "approve" });
    await seen.promise;
    await using two = await openDelivering([courier], { store });
    const settled = ["hold-deliveries/billing/done/….json", "hold-deliveries/billing/since.json"];
    await expect.poll(async () => await keysOf(store), poll).toEqual(settled);
    goOn.resolve();
    await holds.open("b", { ask: { message: "B?" } });
    await holds.answer("b", { decision: "approve" });
    await expect.poll(() => calls(server), poll).toContain("hold.answered b");
    await expect.poll(async () => await keysOf(store), poll).toEqual([settled[0], ...settled]);
    expect(calls(server)).toEqual(["hold.answered a", "hold.answered b"]);
    expect([...one.errors, ...two.errors]).toEqual([]);
  });

  it("one calls for each decision, however many look", async () => {
    await using server = await startPostServer();
    await using store = await openStore("memory:");
    const courier = webhookCourier({ name: "billing", url: server.url, secret });
    const holds = createHolds(store);
    await using one = await openDelivering([courier], { store });
    await using two = await openDelivering([courier], { store });
    await using three = await openDelivering([courier], { store });
    const ids = Array.from({ length: 20 }, (_, index) => `hold-${index}`);
    await Promise.all(
      ids.map(async (id) => {
        await holds.open(id, { ask: { message: id } });
        await holds.answer(id, { decision: "approve" });
      }),
    );
    const settled = [...ids.map(() => "hold-deliveries/billing/done/….json"), "hold-deliveries/billing/since.json"];
    await expect.poll(async () => await keysOf(store), poll).toEqual(settled);
    expect(calls(server).toSorted()).toEqual(ids.map((id) => `hold.answered ${id}`).toSorted());
    expect([...one.errors, ...two.errors, ...three.errors]).toEqual([]);
  });
});

describe("a delivery that has failed", () => {
  const refused =
    'Delivering what was decided of "a" to "billing" failed: it answered 410. It is not tried again until';

  it("is shown, found by a filter, and repeated by a person, on another inbox too", async () => {
    await using server = await startPostServer();
    await using store = await openStore("memory:");
    server.answer = () => ({ status: 410 });
    const courier = webhookCourier({ name: "billing", url: server.url, secret });
    await using inbox = await openDelivering([courier], { store });
    await using other = await openDelivering([courier], { store });
    await inbox.holds.open("a", { ask: { message: "Refund?" } });
    await inbox.holds.open("b", { ask: { message: "Else?" } });
    await inbox.holds.answer("a", { decision: "approve" });
    const errors = (): readonly string[] => [...inbox.errors, ...other.errors].map(({ message }) => message);
    await expect.poll(errors, poll).toEqual([expect.stringContaining(refused)]);
    const client = await logIn(other);
    const page = await (await client.get("hold?id=a")).text();
    expect(page).toContain("Not delivered");
    expect(page).toContain("it answered 410");
    const list = async (): Promise<string> => await (await client.get("?state=not-delivered")).text();
    expect(await list()).toContain("Refund?");
    expect(await list()).not.toContain("Else?");
    server.answer = () => ({ status: 200 });
    const token = await client.formToken("hold?id=a", "deliver?id=a");
    expect((await client.post("deliver?id=a", { courier: "billing", token: "x" })).status).toBe(403);
    expect(server.posted).toHaveLength(1);
    expect((await client.post("deliver?id=a", { courier: "billing", token })).status).toBe(303);
    await expect.poll(() => server.posted.length, poll).toBe(2);
    expect(server.posted[1]?.headers["webhook-id"]).toBe(server.posted[0]?.headers["webhook-id"]);
    expect(server.posted[1]?.body).toBe(server.posted[0]?.body);
    await expect.poll(async () => await (await client.get("hold?id=a")).text(), poll).toContain("Taken by");
    await expect.poll(list, poll).not.toContain("Refund?");
    // Sent again, the form does nothing again.
    expect((await client.post("deliver?id=a", { courier: "billing", token })).status).toBe(409);
    expect(server.posted).toHaveLength(2);
  });

  it("is repeated by nobody who may only look", async () => {
    await using server = await startPostServer();
    server.answer = () => ({ status: 400 });
    const rules = { administrators: ["admins"], labels: { "team=a": { see: ["guests"], answer: ["reviewers"] } } };
    const courier = webhookCourier({ name: "billing", url: server.url, secret, groups: ["admins"] });
    const printed: string[] = [];
    const guest = localLogin({ person: "guest", groups: ["guests"], print: (token) => void printed.push(token) });
    await using inbox = await openDelivering([courier], { rules, authentication: guest });
    await inbox.holds.open("a", { ask: { message: "Refund?" }, labels: { team: "a" } });
    await inbox.holds.answer("a", { decision: "approve" });
    await expect.poll(() => inbox.errors.length, poll).toBe(1);
    guest.printToken();
    const client = await logIn({ ...inbox, loginUrl: () => inbox.at(`login?token=${printed.at(-1) ?? ""}`) });
    const page = await (await client.get("hold?id=a")).text();
    expect(page).toContain("Not delivered");
    expect(page).not.toContain("Deliver it again");
    expect((await client.post("deliver?id=a", { courier: "billing", token: "x" })).status).toBe(403);
    expect(inbox.refusals).toMatchObject([{ by: "guest", why: "answer", id: "a" }]);
    expect(server.posted).toHaveLength(1);
  });

  it("is one that was tried for long enough; what is repeated has its time anew", async () => {
    await using server = await startPostServer();
    server.answer = () => ({ status: 500 });
    let now = new Date();
    const options = { now: () => now, times: { giveUpAfterMs: hourMs } };
    const courier = webhookCourier({ name: "billing", url: server.url, secret });
    await using inbox = await openDelivering([courier], options);
    await inbox.holds.open("a", { ask: { message: "Refund?" } });
    await inbox.holds.answer("a", { decision: "approve" });
    await expect.poll(() => inbox.errors.length, poll).toBe(1);
    expect(inbox.errors[0]?.message).toContain("It is tried again");
    now = new Date(now.getTime() + hourMs);
    await expect.poll(() => inbox.errors.at(-1)?.message, poll).toContain("It is not tried again until");
    const client = await logIn(inbox);
    const token = await client.formToken("hold?id=a", "deliver?id=a");
    await client.post("deliver?id=a", { courier: "billing", token });
    await expect.poll(() => inbox.errors.at(-1)?.message, poll).toContain("It is tried again");
    expect(await (await client.get("hold?id=a")).text()).toContain("It was not taken yet");
  });

  it.each([301, 307, 400, 401, 403, 404, 410, 422])("is one that was refused with %i", async (status) => {
    await using elsewhere = await startPostServer();
    await using server = await startPostServer();
    server.answer = () => ({ status, headers: { location: elsewhere.url } });
    await using inbox = await openDelivering([webhookCourier({ name: "billing", url: server.url, secret })]);
    await inbox.holds.open("a", { ask: { message: "Refund?" } });
    await inbox.holds.answer("a", { decision: "approve" });
    await expect.poll(() => inbox.errors[0]?.message, poll).toContain(`it answered ${status}. It is not tried again`);
    expect(elsewhere.posted).toEqual([]);
  });

  it.each([408, 425, 429, 500, 502, 503])("is none that was put off with %i", async (status) => {
    await using server = await startPostServer();
    server.answer = () => ({ status });
    await using inbox = await openDelivering([webhookCourier({ name: "billing", url: server.url, secret })]);
    await inbox.holds.open("a", { ask: { message: "Refund?" } });
    await inbox.holds.answer("a", { decision: "approve" });
    await expect.poll(() => inbox.errors[0]?.message, poll).toContain(`it answered ${status}. It is tried again in`);
  });
});

describe("what stands of deliveries", () => {
  it("goes with the hold, keeps nothing from being found that can be read, and is of one question", async () => {
    await using server = await startPostServer();
    await using store = await openStore("memory:");
    const courier = webhookCourier({ name: "billing", url: server.url, secret });
    const holds = createHolds(store);
    const first = await openDelivering([courier], { store });
    for (const id of ["pruned", "again"]) {
      await holds.open(id, { ask: { message: id } });
      await holds.answer(id, { decision: "reject" });
    }
    await expect.poll(async () => (await keysOf(store)).length, poll).toBe(3);
    await holds.forget("again");
    await holds.open("again", { ask: { message: "again" } });
    await holds.answer("again", { decision: "approve" });
    await expect.poll(() => server.posted.length, poll).toBe(3);
    await expect.poll(async () => (await keysOf(store)).length, poll).toBe(4);
    await first[Symbol.asyncDispose]();
    await holds.prune({ olderThanMs: 0 });
    const garbage = `hold-deliveries/billing/open/${"0".repeat(64)}.json`;
    await store.put(garbage, new TextEncoder().encode("{"));
    await using inbox = await openDelivering([courier], { store });
    await expect
      .poll(async () => await keysOf(store), poll)
      .toEqual([
        "hold-deliveries/billing/done/….json",
        "hold-deliveries/billing/open/….json",
        "hold-deliveries/billing/since.json",
      ]);
    expect(inbox.errors.map(({ message }) => message)).toEqual([
      expect.stringContaining(`"${garbage}" does not say what is to be delivered`),
    ]);
    expect(server.posted).toHaveLength(3);
  });
});
