import { describe, expect, it } from "vitest";

import { InboxError, signLink } from "../src/index.ts";
import type { LinkRequest } from "../src/index.ts";
import { openInbox } from "./open-inbox.ts";
import type { OpenInbox } from "./open-inbox.ts";

const oldKey = "the key of last year, long enough";
const key = "the key of this year, long enough";
const hourMs = 3_600_000;
const ask = { message: "Refund 5000?" };

async function openWithLinks(now?: () => Date): Promise<OpenInbox> {
  const inbox = await openInbox({ linkKeys: [key, oldKey], ...(now === undefined ? {} : { now }) });
  for (const id of ["a", "b"]) await inbox.holds.open(id, { ask, content: { secret: id } });
  return inbox;
}

function link(inbox: OpenInbox, more: Partial<LinkRequest> = {}, keys: readonly string[] = [key]): string {
  const request = { id: "a", person: "ada@example.com", expiresAt: new Date(Date.now() + hourMs), ...more };
  return signLink({ url: inbox.url, keys }, request);
}

const tokenOf = (page: string): string => /name="token" value="([^"]+)"/u.exec(page)?.[1] ?? "";

async function answerBy(address: string, decision = "approve"): Promise<Response> {
  const page = await (await fetch(address)).text();
  const body = new URLSearchParams({ token: tokenOf(page), decision });
  return await fetch(address, { method: "POST", body, redirect: "manual" });
}

describe("a signed link", () => {
  it("lets look, and not answer, where nothing else is said", async () => {
    await using inbox = await openWithLinks();
    const address = link(inbox);
    const page = await (await fetch(address)).text();
    expect(page).toContain("Refund 5000?");
    expect(page).toContain("You may look at this. Others answer it.");
    expect(page).not.toContain("<form");
    expect((await answerBy(address)).status).toBe(403);
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "waiting" });
    expect(inbox.refusals).toMatchObject([{ by: "link:ada@example.com", why: "form", path: "/link", id: "a" }]);
  });

  it("lets answer once where it says so, and is recorded as what it is", async () => {
    await using inbox = await openWithLinks();
    const address = link(inbox, { right: "answer" });
    const answered = await answerBy(address);
    expect(answered.status).toBe(303);
    expect(new URL(answered.headers.get("location") ?? "", inbox.url).href).toBe(address);
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "answered", answer: { by: "link:ada@example.com" } });
    // It still leads there, to look at what was decided.
    const page = await (await fetch(address)).text();
    expect(page).toContain("Approved");
    expect(page).not.toContain("<form");
    expect((await answerBy(address, "reject")).status).toBe(403);
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "answered" });
  });

  it("leads to its hold alone, and logs nobody in", async () => {
    await using inbox = await openWithLinks();
    const address = link(inbox, { right: "answer" });
    const followed = await fetch(address);
    expect(followed.headers.getSetCookie()).toEqual([]);
    expect((await fetch(`${address}&id=b`)).url).toContain("/link");
    expect(await (await fetch(`${address}&id=b`)).text()).not.toContain('"b"');
    const token = new URL(address).searchParams.get("token") ?? "";
    for (const path of ["", "hold?id=a", "hold?id=b", "answered", "content?id=a"]) {
      const elsewhere = await fetch(inbox.at(`${path}${path.includes("?") ? "&" : "?"}token=${token}`), {
        redirect: "manual",
      });
      expect(elsewhere.status).toBe(303);
      expect(elsewhere.headers.get("location")).toContain("/login");
    }
    const content = await fetch(address.replace("/link?", "/link/content?"));
    expect(await content.json()).toEqual({ secret: "a" });
  });

  it("leads to no later question under the same id", async () => {
    await using inbox = await openWithLinks();
    const openedAt = (await inbox.holds.inspect("a"))?.openedAt;
    const address = link(inbox, { right: "answer", openedAt });
    expect((await fetch(address)).status).toBe(200);
    await inbox.holds.cancel("a");
    await inbox.holds.forget("a");
    await inbox.holds.open("a", { ask: { message: "Refund 9000?" } });
    const page = await fetch(address);
    expect([page.status, await page.text()]).toEqual([404, expect.not.stringContaining("9000")]);
    expect((await answerBy(address)).status).toBe(404);
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "waiting" });
    expect(inbox.refusals[0]).toMatchObject({ by: "link:ada@example.com", why: "link", id: "a" });
  });

  it("is made for its form: one of another link's is worth nothing", async () => {
    await using inbox = await openWithLinks();
    const [ada, bob] = [link(inbox, { right: "answer" }), link(inbox, { right: "answer", person: "bob" })];
    const token = tokenOf(await (await fetch(ada)).text());
    const body = new URLSearchParams({ token, decision: "approve" });
    expect((await fetch(bob, { method: "POST", body })).status).toBe(403);
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "waiting" });
  });

  it("is good until its time, and at all inboxes that have its key, an old one too", async () => {
    let now = new Date();
    await using inbox = await openWithLinks(() => now);
    await using other = await openInbox({ linkKeys: ["another key altogether, long enough"], store: inbox.store });
    await using none = await openInbox({ store: inbox.store });
    const addresses = [link(inbox), link(inbox, {}, [oldKey])];
    for (const address of addresses) expect((await fetch(address)).status).toBe(200);
    const [address = ""] = addresses;
    expect((await fetch(address.replace(inbox.url, other.url))).status).toBe(403);
    expect(new URL((await fetch(address.replace(inbox.url, none.url))).url).pathname).toBe("/login");
    now = new Date(now.getTime() + hourMs + 1_000);
    const over = await fetch(address);
    expect(over.status).toBe(403);
    expect(await over.text()).not.toContain("Refund");
    expect(inbox.refusals).toMatchObject([{ why: "link", id: "a", by: undefined }]);
    expect(JSON.stringify([...inbox.refusals, ...other.refusals])).not.toContain("token");
  });

  it.each([
    ["another hold", (claims: Record<string, unknown>) => ({ ...claims, id: "b" })],
    ["another right", (claims: Record<string, unknown>) => ({ ...claims, right: "answer" })],
    ["another person", (claims: Record<string, unknown>) => ({ ...claims, person: "eve" })],
    ["a later end", (claims: Record<string, unknown>) => ({ ...claims, until: Number.MAX_SAFE_INTEGER })],
  ])("that was changed for %s is worth nothing", async (_what, change) => {
    await using inbox = await openWithLinks();
    const [text = "", signature = ""] = (new URL(link(inbox)).searchParams.get("token") ?? "").split(".");
    const claims = JSON.parse(Buffer.from(text, "base64url").toString()) as Record<string, unknown>;
    const changed = Buffer.from(JSON.stringify(change(claims))).toString("base64url");
    for (const token of [`${changed}.${signature}`, `${changed}.`, changed, `${changed}.${signature}.`, "", "."]) {
      expect((await fetch(inbox.at(`link?${new URLSearchParams({ token }).toString()}`))).status).toBe(403);
    }
  });

  it("needs keys that are worth something, and a person, a hold and a time", async () => {
    const expiresAt = new Date(Date.now() + hourMs);
    const url = "http://localhost/";
    for (const [keys, request] of [
      [[], { id: "a", person: "ada", expiresAt }],
      [["short"], { id: "a", person: "ada", expiresAt }],
      [[key], { id: "", person: "ada", expiresAt }],
      [[key], { id: "a", person: "", expiresAt }],
      [[key], { id: "a", person: "ada", expiresAt: new Date(Number.NaN) }],
    ] as const) {
      expect(() => signLink({ url, keys }, request)).toThrow(InboxError);
    }
    await expect(openInbox({ linkKeys: [] })).rejects.toThrow("Keys of links");
  });
});
