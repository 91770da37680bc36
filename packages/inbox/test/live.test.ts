import { setTimeout as sleep } from "node:timers/promises";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { localLogin } from "../src/index.ts";
import { launchChromium, testChromium } from "./chromium.ts";
import { followStream } from "./follow-stream.ts";
import { logIn } from "./inbox-client.ts";
import { openInbox } from "./open-inbox.ts";

const ask = { message: "Deploy?" };

describe("a stream of events", () => {
  it("has ids alone, and only of what its reader may see", async () => {
    const printed: string[] = [];
    const authentication = localLogin({
      person: "ada",
      print: (token) => void printed.push(token),
      groups: ["billing"],
    });
    const rules = { administrators: [], labels: { "team=billing": { see: ["billing"] } } };
    await using inbox = await openInbox({ rules, authentication });
    authentication.printToken();
    const login = await fetch(inbox.at("login"), {
      method: "POST",
      body: new URLSearchParams({ token: printed[0] ?? "" }),
      redirect: "manual",
    });
    const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const stream = await fetch(inbox.at("events"), { headers: { cookie } });
    expect(stream.headers.get("content-type")).toBe("text/event-stream");
    const { said } = followStream(stream);
    await fetch(inbox.url, { headers: { cookie } });
    await inbox.holds.open("secret", { ask, labels: { team: "rockets" } });
    await inbox.holds.open("bill", { ask: { message: "private words" }, labels: { team: "billing" } });
    await expect.poll(said, { timeout: 30_000 }).toContain('data: ["hold bill"]');
    await inbox.holds.answer("bill", { decision: "approve" });
    await expect.poll(said, { timeout: 30_000 }).toMatch(/"hold bill"[^]*"hold bill"/u);
    expect(said()).not.toMatch(/secret|private/u);
  });

  it("is for those who are logged in, and ends with the inbox", async () => {
    const inbox = await openInbox();
    expect((await fetch(inbox.at("events"), { redirect: "manual" })).status).toBe(303);
    const client = await logIn(inbox);
    const { ended } = followStream(await client.get("events"));
    await inbox[Symbol.asyncDispose]();
    await ended;
  });

  it("is nothing that stays where only its head was asked for", async () => {
    await using inbox = await openInbox();
    const client = await logIn(inbox);
    const list = vi.spyOn(inbox.store, "list");
    const head = await fetch(inbox.at("events"), { method: "HEAD", headers: { cookie: client.cookie } });
    expect(head.headers.get("content-type")).toBe("text/event-stream");
    // Nobody listens, so nobody looks either.
    await sleep(2_500);
    expect(list.mock.calls).toHaveLength(0);
  });

  it("may stand open a thousand times, and all are told, and pages go on", async () => {
    await using inbox = await openInbox();
    const client = await logIn(inbox);
    await client.get("");
    const streams = await Promise.all(
      Array.from({ length: 1_000 }, async () => followStream(await client.get("events"))),
    );
    expect((await client.get("")).status).toBe(200);
    await inbox.holds.open("a", { ask });
    for (const { said } of streams) await expect.poll(said, { timeout: 60_000 }).toContain("hold a");
  });
});

describe.skipIf(testChromium === undefined)("a page that stands open", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => await browser.close());

  it("shows what was asked and answered meanwhile, without being loaded again", async () => {
    await using inbox = await openInbox();
    await inbox.holds.open("a", { ask });
    await using context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(inbox.loginUrl());
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("link", { name: "Deploy?" }).focus();
    await page.evaluate("window.isTheSame = true");
    await inbox.holds.open("b", { ask: { message: "Refund?" } });
    await page.getByRole("link", { name: "Refund?" }).waitFor();
    expect(await page.evaluate("document.activeElement.textContent.trim()")).toBe("Deploy?");
    await inbox.holds.answer("a", { decision: "approve" });
    await page.getByRole("link", { name: "Deploy?" }).waitFor({ state: "detached" });
    expect(await page.evaluate("window.isTheSame")).toBe(true);
  });

  it("with a form on it says that the question has changed, and leaves what is being written", async () => {
    await using inbox = await openInbox();
    await inbox.holds.open("a", { ask });
    await using context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(inbox.loginUrl());
    await page.getByRole("button", { name: "Log in" }).click();
    await page.goto(inbox.at("hold?id=a"));
    await page.getByLabel("Comment").fill("I am not done yet");
    await inbox.holds.answer("a", { decision: "approve" }, { by: "grace" });
    await page.getByText("This has changed meanwhile.").waitFor();
    expect(await page.getByLabel("Comment").inputValue()).toBe("I am not done yet");
    await page.getByRole("link", { name: "Look again" }).click();
    await page.getByRole("heading", { name: "Approved" }).waitFor();
  });

  it("looks now and then where streams do not pass", async () => {
    await using inbox = await openInbox();
    await using context = await browser.newContext();
    const page = await context.newPage();
    await page.clock.install();
    await page.route("**/events", async (route) => await route.abort());
    await page.goto(inbox.loginUrl());
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("Nothing waits for an answer.").waitFor();
    await inbox.holds.open("a", { ask });
    await expect
      .poll(
        async () => {
          await page.clock.fastForward(20_000);
          return await page.getByRole("link", { name: "Deploy?" }).count();
        },
        { timeout: 30_000 },
      )
      .toBe(1);
  });
});
