import { describe, expect, it } from "vitest";

import { logIn } from "./inbox-client.ts";
import { openInbox } from "./open-inbox.ts";

const ask = { message: "Refund 5000?", decisions: ["approve", "reject", "respond"] } as const;

describe("a GET", () => {
  it.each([
    "hold?id=a&decision=approve",
    "hold?id=a",
    "settle?id=a&applied=yes",
    "content?id=a",
    "?decision=approve",
    "logout",
    "login",
  ])("of %s decides nothing and ends nothing, whoever follows the link", async (path) => {
    await using inbox = await openInbox();
    await inbox.holds.open("a", { ask });
    const client = await logIn(inbox);
    const before = await inbox.holds.inspect("a");
    const token = await client.formToken("hold?id=a");
    const withToken = `${path}${path.includes("?") ? "&" : "?"}token=${token}`;
    for (const method of ["GET", "HEAD"]) {
      const { cookie } = client;
      const response = await fetch(inbox.at(withToken), { method, headers: { cookie }, redirect: "manual" });
      await response.arrayBuffer();
    }
    expect(await inbox.holds.inspect("a")).toEqual(before);
    expect((await client.get("")).status).toBe(200);
  });
});

describe("a form", () => {
  it("is taken once, and leads to a page that can be loaded again", async () => {
    await using inbox = await openInbox();
    await inbox.holds.open("a", { ask });
    const client = await logIn(inbox);
    const token = await client.formToken("hold?id=a");
    const sent = await client.post("hold?id=a", { token, decision: "approve", comment: "Fine\r\nby me" });
    expect(sent.status).toBe(303);
    expect(sent.headers.get("location")).toBe("/hold?id=a");
    expect(await inbox.holds.inspect("a")).toMatchObject({
      state: "answered",
      answer: { decision: "approve", comment: "Fine\nby me", by: "ada@laptop" },
    });
    const again = await client.post("hold?id=a", { token, decision: "approve" });
    expect(again.status).toBe(409);
    expect(await again.text()).toContain("This form was sent before");
  });

  it.each([
    ["has no token", async () => "", 403],
    ["has a token that nobody made", async () => "A".repeat(75), 403],
    ["has the token of another hold", async (of: (path: string) => Promise<string>) => await of("hold?id=b"), 403],
    [
      "has the token of another form",
      async (of: (path: string, action?: string) => Promise<string>) => await of("", "logout"),
      403,
    ],
  ])(
    "decides nothing if it %s",
    async (_what, tokenOf: (of: (path: string, action?: string) => Promise<string>) => Promise<string>, status) => {
      await using inbox = await openInbox();
      for (const id of ["a", "b"]) await inbox.holds.open(id, { ask });
      const client = await logIn(inbox);
      const token = await tokenOf(async (path, action) => await client.formToken(path, action));
      const sent = await client.post("hold?id=a", { token, decision: "approve" });
      expect(sent.status).toBe(status);
      expect(await sent.text()).toContain("Nothing was decided");
      expect(await inbox.holds.inspect("a")).toMatchObject({ state: "waiting" });
    },
  );

  it("decides nothing if its token was made for somebody else", async () => {
    const secret = "a secret that both inboxes have, long enough";
    await using first = await openInbox({ secret });
    const { store } = first;
    const { localLogin } = await import("../src/index.ts");
    const printed: string[] = [];
    const authentication = localLogin({ person: "eve@laptop", print: (token) => void printed.push(token) });
    await using second = await openInbox({ secret, store, authentication });
    await first.holds.open("a", { ask });
    const token = await (await logIn(first)).formToken("hold?id=a");
    authentication.printToken();
    const login = await fetch(second.at("login"), {
      method: "POST",
      body: new URLSearchParams({ token: printed[0] ?? "" }),
      redirect: "manual",
    });
    const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const body = new URLSearchParams({ token, decision: "approve" });
    const sent = await fetch(second.at("hold?id=a"), { method: "POST", body, headers: { cookie } });
    expect(sent.status).toBe(403);
    expect(await first.holds.inspect("a")).toMatchObject({ state: "waiting" });
  });

  it("decides nothing about a question that took the place of the one that was shown", async () => {
    await using inbox = await openInbox();
    await inbox.holds.open("a", { ask });
    const client = await logIn(inbox);
    const token = await client.formToken("hold?id=a");
    await inbox.holds.cancel("a");
    await inbox.holds.forget("a");
    await inbox.holds.open("a", { ask: { message: "Delete everything?" } });
    expect((await client.post("hold?id=a", { token, decision: "approve" })).status).toBe(403);
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "waiting" });
  });

  it("that stood open for too long is given back as it was filled in", async () => {
    let now = new Date();
    await using inbox = await openInbox({ now: () => now });
    await inbox.holds.open("a", { ask });
    let client = await logIn(inbox);
    const token = await client.formToken("hold?id=a");
    now = new Date(now.getTime() + 13 * 3_600_000);
    client = await logIn(inbox);
    const sent = await client.post("hold?id=a", { token, decision: "approve", comment: "Kept words" });
    expect(sent.status).toBe(409);
    const text = await sent.text();
    expect(text).toContain("stood open for too long");
    expect(text).toContain("Kept words");
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "waiting" });
  });

  it("that does not fit names every fault and keeps what was put in", async () => {
    await using inbox = await openInbox();
    const schema = {
      type: "object",
      properties: { amount: { type: "integer", maximum: 10 }, note: { type: "string", maxLength: 3 } },
      required: ["amount"],
    };
    await inbox.holds.open("a", { ask: { message: "How much?", schema } });
    const client = await logIn(inbox);
    const send = async (
      form: Readonly<Record<string, string>>,
    ): Promise<{ readonly status: number; readonly text: string }> => {
      const token = await client.formToken("hold?id=a");
      const response = await client.post("hold?id=a", { token, ...form });
      return { status: response.status, text: await response.text() };
    };
    const noNumber = await send({ "value-0": "much", "value-1": "kept" });
    expect(noNumber).toMatchObject({ status: 422, text: expect.stringContaining("Give a whole number, such as 5.") });
    expect(noNumber.text).toContain("kept");
    const tooMuch = await send({ "value-0": "11", "value-1": "long" });
    expect(tooMuch.status).toBe(422);
    expect(tooMuch.text).toContain("amount");
    expect(tooMuch.text).toContain("note");
    expect(await send({ "value-0": "" })).toMatchObject({
      status: 422,
      text: expect.stringContaining("This is needed."),
    });
    expect((await send({ "value-0": "10" })).status).toBe(303);
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "answered", answer: { value: { amount: 10 } } });
  });

  it("keeps the digits of a number that a double cannot hold", async () => {
    await using inbox = await openInbox();
    const schema = { type: "object", properties: { order: { type: "integer" } } };
    await inbox.holds.open("a", { ask: { message: "Which?", schema } });
    const client = await logIn(inbox);
    const token = await client.formToken("hold?id=a");
    await client.post("hold?id=a", { token, "value-0": "12345678901234567890" });
    expect(JSON.stringify((await inbox.holds.inspect("a"))?.answer?.value)).toBe('{"order":12345678901234567890}');
  });

  it("of whoever comes second says who was first, when and what, and whether it agrees", async () => {
    await using inbox = await openInbox();
    for (const id of ["same", "other"]) await inbox.holds.open(id, { ask });
    const client = await logIn(inbox);
    for (const [id, decision, says] of [
      ["same", "approve", "decided the same"],
      ["other", "reject", "decided otherwise"],
    ] as const) {
      const token = await client.formToken(`hold?id=${id}`);
      await inbox.holds.answer(id, { decision: "approve", comment: "I was here" }, { by: "grace" });
      const response = await client.post(`hold?id=${id}`, { token, decision });
      const text = await response.text();
      expect(response.status).toBe(409);
      for (const part of [says, "grace", "Approved", "I was here", "<time"]) expect(text).toContain(part);
    }
  });

  it.each([
    ["canceled", "It was canceled meanwhile"],
    ["expired", "Its time was over"],
  ])("that comes after it was %s says so", async (how, says) => {
    let now = new Date();
    await using inbox = await openInbox({ now: () => now });
    await inbox.holds.open("a", { ask, expiresAt: new Date(now.getTime() + 60_000) });
    const client = await logIn(inbox);
    const token = await client.formToken("hold?id=a");
    if (how === "canceled") await inbox.holds.cancel("a");
    else now = new Date(now.getTime() + 120_000);
    const response = await client.post("hold?id=a", { token, decision: "approve" });
    expect(response.status).toBe(409);
    expect(await response.text()).toContain(says);
  });
});

describe("what is in doubt", () => {
  it("is settled once, by whoever looked", async () => {
    await using inbox = await openInbox();
    await inbox.holds.open("a", { ask });
    await inbox.holds.answer("a", { decision: "approve" });
    const failure = inbox.holds.act("a", () => {
      throw new Error("<b>the line broke</b>");
    });
    await expect(failure).rejects.toThrow("the line broke");
    const client = await logIn(inbox);
    const page = await (await client.get("hold?id=a")).text();
    expect(page).toContain("&lt;b&gt;the line broke&lt;/b&gt;");
    const [token, other] = [
      await client.formToken("hold?id=a", "settle?id=a"),
      await client.formToken("hold?id=a", "settle?id=a"),
    ];
    const settled = await client.post("settle?id=a", { token, applied: "yes", reason: "It is on the statement." });
    expect(settled.headers.get("location")).toBe("/hold?id=a");
    expect(await inbox.holds.inspect("a")).toMatchObject({
      state: "done",
      reason: "It is on the statement.",
      endedBy: "ada@laptop",
    });
    expect((await client.post("settle?id=a", { token: other, applied: "no" })).status).toBe(403);
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "done" });
  });
});

it("a question whose time is over says when that was, also where nobody has written it down", async () => {
  let now = new Date();
  await using inbox = await openInbox({ now: () => now });
  await inbox.holds.open("a", { ask, expiresInMs: 60_000 });
  const expiresAt = (await inbox.holds.inspect("a"))?.expiresAt?.toISOString();
  now = new Date(now.getTime() + 3_600_000);
  const page = await (await (await logIn(inbox)).get("hold?id=a")).text();
  expect(page).toMatch(new RegExp(`It ended <time\\s+datetime="${expiresAt}"`, "u"));
});

it("a question that somebody has ended says who, and not that they gave no answer", async () => {
  await using inbox = await openInbox();
  await inbox.holds.open("a", { ask });
  await inbox.holds.cancel("a", { by: "agent" });
  const page = await (await (await logIn(inbox)).get("hold?id=a")).text();
  expect(page).toMatch(/It was ended by <bdi>agent<\/bdi> <time[^>]*>just now<\/time\s*>, without an answer\./u);
});

it("a question that somebody has ended after its answer says both", async () => {
  await using inbox = await openInbox();
  await inbox.holds.open("a", { ask });
  await inbox.holds.answer("a", { decision: "approve" }, { by: "grace" });
  await inbox.holds.cancel("a", { by: "agent", reason: "Paid <b>otherwise</b>" });
  const page = await (await (await logIn(inbox)).get("hold?id=a")).text();
  expect(page).toMatch(/By <bdi>grace<\/bdi>,/u);
  expect(page).toMatch(/It was canceled afterwards by <bdi>agent<\/bdi> <time/u);
  expect(page).toContain("Paid &lt;b&gt;otherwise&lt;/b&gt;");
});
