import { AxeBuilder } from "@axe-core/playwright";
import { createPauseLedger } from "@holdpoint/asya";
import { createHolds } from "@holdpoint/core/holds";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { sampleHolds } from "../../../demo/sample-holds.ts";
import type { Courier } from "../src/index.ts";
import { launchChromium, testChromium } from "./chromium.ts";
import type { OpenInbox } from "./open-inbox.ts";
import { openInbox } from "./open-inbox.ts";

const phone = { viewport: { width: 390, height: 844 } } as const;

/** Somebody with a browser of their own. */
interface Visitor extends AsyncDisposable {
  readonly page: Page;
}

describe.skipIf(testChromium === undefined)("in a browser", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => await browser.close());

  /** Somebody who has logged in. */
  async function visit(inbox: OpenInbox, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    await page.goto(inbox.loginUrl());
    await page.getByRole("button", { name: "Log in" }).click();
    return { page, [Symbol.asyncDispose]: async () => await context.close() };
  }

  it.each([
    ["with JavaScript", { javaScriptEnabled: true }],
    ["without JavaScript, on a phone", { javaScriptEnabled: false, ...phone }],
  ])("a newcomer answers the first question, %s", async (_how, options) => {
    await using inbox = await openInbox();
    await openSamples(inbox);
    await using visitor = await visit(inbox, options);
    const { page } = visitor;
    await page.getByRole("link", { name: "Refund 249.00 € to Ada Lindqvist?" }).click();
    await page.getByText("arrived with a broken screen").waitFor();
    await page.getByLabel("Comment").first().fill("Sorry about that.");
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await page.getByRole("heading", { name: "Approved", exact: true }).waitFor();
    expect(await inbox.holds.inspect("refund-1042")).toMatchObject({
      state: "answered",
      answer: { decision: "approve", comment: "Sorry about that.", by: "ada@laptop" },
    });
    await page.getByRole("link", { name: "Waiting" }).click();
    expect(await page.getByRole("link", { name: "Refund" }).count()).toBe(0);
    await page.getByRole("link", { name: "Answered by me" }).click();
    await page.getByRole("link", { name: "Refund 249.00 € to Ada Lindqvist?" }).waitFor();
  });

  it("a form's values arrive as their schema has them, without JavaScript", async () => {
    await using inbox = await openInbox();
    await openSamples(inbox);
    await using visitor = await visit(inbox, { javaScriptEnabled: false });
    const { page } = visitor;
    await page.goto(inbox.at("hold?id=campaign-brief"));
    await page.getByLabel("Iberia").check();
    await page.getByLabel("First day").fill("2026-12-24");
    await page.getByLabel("E-mail").check();
    await page.getByLabel("Radio").check();
    await page.getByLabel("Budget").fill("400");
    await page.getByRole("button", { name: "Send the answer" }).click();
    await page.getByRole("alert").getByText("budget").waitFor();
    // What was put in is still there.
    expect(await page.getByLabel("Iberia").isChecked()).toBe(true);
    await page.getByLabel("Budget").fill("1200");
    await page.getByRole("button", { name: "Send the answer" }).click();
    await page.getByRole("heading", { name: "Answered" }).waitFor();
    expect((await inbox.holds.inspect("campaign-brief"))?.answer?.value).toEqual({
      region: "Iberia",
      start: "2026-12-24",
      channels: ["E-mail", "Radio"],
      budget: 1200,
    });
  });

  it("a property that refers to another part of its schema is asked for as what that is, and may be null", async () => {
    await using inbox = await openInbox();
    // As Pydantic writes a model with an enum and two optional values.
    const schema = {
      type: "object",
      properties: {
        origin: { $ref: "#/$defs/Region" },
        target: { anyOf: [{ $ref: "#/$defs/Region" }, { type: "null" }], title: "Target" },
        count: { anyOf: [{ type: "integer" }, { type: "null" }], title: "Count" },
        kind: { const: "transfer", default: "transfer", title: "Kind", type: "string" },
      },
      required: ["origin", "target", "count"],
      $defs: { Region: { enum: ["eu", "us"], title: "Region", type: "string" } },
    };
    await inbox.holds.open("move", { ask: { message: "Move it?", schema } });
    await using visitor = await visit(inbox, { javaScriptEnabled: false });
    const { page } = visitor;
    await page.goto(inbox.at("hold?id=move"));
    await page.getByRole("group", { name: "origin" }).getByLabel("eu").check();
    await page.getByRole("group", { name: "Target" }).getByLabel("us").check();
    expect(await page.getByRole("group", { name: "Kind" }).getByLabel("transfer").isChecked()).toBe(true);
    await page.getByLabel("Count").fill("5");
    await page.getByLabel("Count").fill("");
    await page.getByRole("button", { name: "Send the answer" }).click();
    await page.getByRole("heading", { name: "Answered" }).waitFor();
    const value = { origin: "eu", target: "us", count: null, kind: "transfer" };
    expect((await inbox.holds.inspect("move"))?.answer?.value).toEqual(value);
  });

  it("what was proposed is changed and approved, as a form where it fits one, else as JSON", async () => {
    await using inbox = await openInbox();
    await openSamples(inbox);
    const decisions = ["approve", "edit"];
    await inbox.holds.open("json", {
      ask: { message: "This?", decisions },
      content: { list: [{ a: "\n<x>" }], n: 1.5 },
    });
    await using visitor = await visit(inbox, { javaScriptEnabled: false });
    const { page } = visitor;
    await page.goto(inbox.at("hold?id=refund-1042"));
    await page.getByText("Change it and approve").click();
    expect(await page.getByLabel("Amount").inputValue()).toBe("249");
    await page.getByLabel("Amount").fill("120");
    await page.getByRole("button", { name: "Approve with changes" }).click();
    await page.getByRole("heading", { name: "Approved with changes" }).waitFor();
    expect((await inbox.holds.inspect("refund-1042"))?.answer?.content).toEqual({
      amount: 120,
      reason: "Damaged on arrival",
    });

    await page.goto(inbox.at("hold?id=json"));
    await page.getByText("Change it and approve").click();
    const text = await page.getByLabel("Value").inputValue();
    expect(JSON.parse(text)).toEqual({ list: [{ a: "\n<x>" }], n: 1.5 });
    await page.getByLabel("Value").fill(text.replace("1.5", ""));
    await page.getByRole("button", { name: "Approve with changes" }).click();
    await page.getByText("This is not JSON yet").waitFor();
    await page.getByLabel("Value").fill(text.replace("1.5", "2"));
    await page.getByRole("button", { name: "Approve with changes" }).click();
    await page.getByRole("heading", { name: "Approved with changes" }).waitFor();
    expect((await inbox.holds.inspect("json"))?.answer?.content).toEqual({ list: [{ a: "\n<x>" }], n: 2 });
  });

  it("two people race for one question: one is first, and the other is told by whom and what", async () => {
    await using inbox = await openInbox();
    await inbox.holds.open("a", { ask: { message: "Deploy?" } });
    await using first = await visit(inbox);
    await using second = await visit(inbox);
    for (const { page } of [first, second]) await page.goto(inbox.at("hold?id=a"));
    await Promise.all([
      first.page.getByRole("button", { name: "Approve" }).click(),
      second.page.getByRole("button", { name: "Reject" }).click(),
    ]);
    const texts = await Promise.all([first, second].map(async ({ page }) => await page.getByRole("main").innerText()));
    const hold = await inbox.holds.inspect("a");
    const [winner, loser] = hold?.answer?.decision === "approve" ? texts : texts.toReversed();
    const decided = hold?.answer?.decision === "approve" ? "Approved" : "Rejected";
    expect(winner).toContain(decided);
    expect(winner).not.toContain("was not taken");
    expect(loser).toContain("decided otherwise. Your answer was not taken.");
    expect(loser).toContain(decided);
    expect(hold?.log.filter(({ did }) => did === "answered")).toHaveLength(1);
  });

  it("the back button, loading again and the address bar answer nothing again", async () => {
    await using inbox = await openInbox();
    await inbox.holds.open("a", { ask: { message: "Deploy?" }, approvals: 1 });
    await using visitor = await visit(inbox);
    const { page } = visitor;
    await page.goto(inbox.at("hold?id=a"));
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("heading", { name: "Approved" }).waitFor();
    const before = await inbox.holds.inspect("a");
    await page.reload();
    await page.goto(page.url());
    await page.goBack();
    await page.goBack();
    await page.goForward();
    await page.getByRole("heading", { name: "Approved" }).waitFor();
    expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
    expect(await inbox.holds.inspect("a")).toEqual(before);
  });

  it("the keyboard alone is enough", async () => {
    await using inbox = await openInbox();
    await inbox.holds.open("a", { ask: { message: "Deploy?" } });
    await using visitor = await visit(inbox);
    const { page } = visitor;
    const pressUntil = async (name: string): Promise<void> => {
      for (let count = 0; count < 30; count += 1) {
        await page.keyboard.press("Tab");
        const focused = await page.evaluate<string>("document.activeElement.textContent.trim()");
        if (focused === name) return;
      }
      throw new Error(`${name} cannot be reached`);
    };
    await pressUntil("Deploy?");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Reject" }).waitFor();
    await pressUntil("Reject");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Rejected" }).waitFor();
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "rejected" });
  });

  it.each(["light", "dark"] as const)("axe finds nothing wrong with any page in the %s scheme", async (colorScheme) => {
    const refusing: Courier = {
      name: "billing",
      deliver: async () => await Promise.reject(Object.assign(new Error("it is closed"), { isRefusal: true })),
    };
    await using inbox = await openInbox({ couriers: { couriers: [refusing], lookEveryMs: 50 } });
    await openSamples(inbox);
    await openEnds(inbox);
    await expect.poll(() => inbox.errors.length).toBeGreaterThan(0);
    await using visitor = await visit(inbox, { colorScheme });
    const { page } = visitor;
    const route = { prev: [], curr: "x-pause", next: ["worker"] };
    const payload = { plan: "Publish", steps: [1, 2] };
    await createPauseLedger(inbox.store).pause({ id: "task-1", route, payload });
    const paths = [
      "",
      "task?id=task-1",
      "?state=not-delivered",
      "?text=refund&state=any&age=3600000",
      "answered",
      "nowhere",
      "hold?id=none",
      ...holdPaths,
    ];
    for (const path of paths) {
      await page.goto(inbox.at(path));
      await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true");
      expect({ path, violations: await violationsOf(page) }).toEqual({ path, violations: [] });
    }
    // A form that was given back has marks of its own.
    await page.goto(inbox.at("hold?id=campaign-brief"));
    await page.evaluate("for (const form of document.forms) form.noValidate = true");
    await page.getByRole("button", { name: "Send the answer" }).click();
    await page.getByText("This is needed.").first().waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole("button", { name: "Log out" }).click();
    expect(await violationsOf(page)).toEqual([]);
    await page.goto(inbox.loginUrl());
    expect(await violationsOf(page)).toEqual([]);
  });

  it("no page is wider than a phone, however long the words", async () => {
    await using inbox = await openInbox();
    await openSamples(inbox);
    await openEnds(inbox);
    const long = "Donaudampfschifffahrt".repeat(40);
    const properties = { [long.slice(0, 200)]: { type: "string", title: long, enum: [long, "b"] } };
    await inbox.holds.open(
      long.slice(0, 400),
      {
        ask: {
          message: long,
          details: `# ${long}\n\n[${long}](https://${long.slice(0, 60)}.example/${long})\n\n    ${long}`,
          schema: { type: "object", properties },
        },
        content: { [long]: long, rows: Array.from({ length: 3 }, () => ({ a: long, b: 1, c: long, d: long })) },
        labels: { [long.slice(0, 200)]: long.slice(0, 200) },
      },
      { by: long.slice(0, 500) },
    );
    await using visitor = await visit(inbox, phone);
    const { page } = visitor;
    for (const path of [
      "",
      "answered",
      `hold?${new URLSearchParams({ id: long.slice(0, 400) }).toString()}`,
      ...holdPaths,
    ]) {
      await page.goto(inbox.at(path));
      const width = await page.evaluate<number>("document.documentElement.scrollWidth");
      expect({ path, width }).toEqual({ path, width: 390 });
    }
  });

  it("a first visit asks nobody else, takes less than 100 KB, and shifts nothing", async () => {
    await using inbox = await openInbox();
    await openSamples(inbox);
    for (let index = 0; index < 100; index += 1)
      await inbox.holds.open(`many-${index}`, { ask: { message: `Question ${index}?` } });
    await using context = await browser.newContext();
    const page = await context.newPage();
    let bytes = 0;
    const hosts = new Set<string>();
    page.on("request", (request) => hosts.add(new URL(request.url()).host));
    page.on("requestfinished", (request) => {
      void request.sizes().then((sizes) => (bytes += sizes.responseBodySize + sizes.responseHeadersSize));
    });
    await page.addInitScript(
      "window.shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.value; }).observe({ type: 'layout-shift', buffered: true })",
    );
    await page.goto(inbox.loginUrl());
    await page.getByRole("button", { name: "Log in" }).click();
    await page.waitForLoadState("networkidle");
    expect(await page.evaluate<number>("window.shift")).toBe(0);
    await page.getByRole("link", { name: "Refund 249.00 € to Ada Lindqvist?" }).click();
    await page.waitForLoadState("networkidle");
    expect([...hosts]).toEqual([new URL(inbox.url).host]);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(100_000);
    expect(await page.evaluate<number>("window.shift")).toBe(0);
  });

  it("asks another host for nothing but images, and only a host that is allowed", async () => {
    await using inbox = await openInbox({ imageHosts: ["images.example"] });
    const details = "![Photo](https://images.example/photo) ![Pixel](https://evil.example/pixel.png)";
    const content = { scan: "https://images.example/scan.png", other: "https://evil.example/scan.png" };
    await inbox.holds.open("a", { ask: { message: "Refund?", details }, content });
    await using visitor = await visit(inbox);
    const { page } = visitor;
    const asked = new Set<string>();
    page.on("request", (request) => void asked.add(request.url()));
    await page.addInitScript(
      "window.shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.value; }).observe({ type: 'layout-shift', buffered: true })",
    );
    await page.goto(inbox.at("hold?id=a"));
    await page.waitForLoadState("networkidle");
    const elsewhere = [...asked].filter((url) => !url.startsWith(inbox.url));
    expect(elsewhere.toSorted()).toEqual(["https://images.example/photo", "https://images.example/scan.png"]);
    expect(await page.evaluate<number>("window.shift")).toBe(0);
    expect(await violationsOf(page)).toEqual([]);
    // The policy holds also where a page would have more on it than it should.
    const isBlocked = page.evaluate(
      "new Promise((resolve) => { document.addEventListener('securitypolicyviolation', () => resolve(true)); new Image().src = 'https://evil.example/x.png'; })",
    );
    expect(await isBlocked).toBe(true);
  });

  it("a store that is away is said to be, and the page comes back by itself", async () => {
    await using inbox = await openInbox();
    await inbox.holds.open("a", { ask: { message: "Deploy?" } });
    await using visitor = await visit(inbox, { javaScriptEnabled: false });
    const { page } = visitor;
    let isAway = true;
    const get = inbox.store.get.bind(inbox.store);
    Object.defineProperty(inbox.store, "get", {
      value: async (...parameters: Parameters<typeof get>) => {
        if (!isAway) return await get(...parameters);
        const { CheckpointError } = await import("@holdpoint/core");
        throw new CheckpointError("unavailable", "memory: nobody answers", { backend: "memory", operation: "get" });
      },
    });
    await page.goto(inbox.at("hold?id=a"));
    await page.getByRole("heading", { name: "The store does not answer" }).waitFor();
    isAway = false;
    await page.getByRole("heading", { name: "Deploy?" }).waitFor({ timeout: 20_000 });
    expect(inbox.errors).toHaveLength(1);
  });
});

const holdPaths = [
  "refund-1042",
  "deploy-7f3a",
  "campaign-brief",
  "edited",
  "in-doubt",
  "canceled",
  "expired",
  "done",
].map((id) => `hold?id=${id}`);

async function openSamples({ holds }: OpenInbox): Promise<void> {
  for (const { id, request, by } of sampleHolds) await holds.open(id, request, { by });
}

/** One hold in each state that has a page of its own. */
async function openEnds({ holds, store }: OpenInbox): Promise<void> {
  const ask = {
    message: "Pay?",
    details: "# Why\n\n- **this**\n- `that`\n\n> quoted",
    decisions: ["approve", "edit", "respond"],
  };
  const content = { text: "word ".repeat(400), nested: { list: [1, 2, { a: null }], none: [] } };
  for (const id of ["edited", "in-doubt", "canceled", "done"]) await holds.open(id, { ask, content });
  const anHourAgo = createHolds(store, { now: () => new Date(Date.now() - 3_600_000) });
  await anHourAgo.open("expired", { ask, content, expiresInMs: 60_000 });
  await holds.answer("edited", { decision: "edit", content: { amount: 1 }, comment: "Less" }, { by: "ada@laptop" });
  for (const id of ["in-doubt", "done"])
    await holds.answer(id, { decision: "approve" }, { by: { issuer: "https://login.example.com", subject: "grace" } });
  await holds.act("done", () => ({ paid: true }));
  const failure = holds.act("in-doubt", () => {
    throw new Error("The line broke.");
  });
  await failure.catch(() => undefined);
  await holds.cancel("canceled", { by: "ada@laptop", reason: "Not needed any more" });
}

async function violationsOf(page: Page): Promise<readonly unknown[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => ({
    id,
    nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })),
  }));
}
