import { once } from "node:events";
import { connect } from "node:net";

import { CheckpointError, openStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { launchChromium, testChromium } from "./chromium.ts";
import { logIn } from "./inbox-client.ts";
import { openInbox } from "./open-inbox.ts";

const attacks = [
  "<script>window.hacked = 1</script>",
  `"><img src=x onerror="window.hacked = 1">`,
  "</textarea></title></select><svg onload='window.hacked = 1'>",
  "[click](javascript:window.hacked=1) ![x](https://evil.example/p.png)",
  "' onfocus='window.hacked=1' autofocus='",
  "<style>*{display:none}</style><base href=https://evil.example/><meta http-equiv=refresh content=0;url=//evil.example>",
  "\u202e\u2066 elbatsurt \u0000\u001b[31m",
  "${window.hacked=1}{{constructor.constructor('window.hacked=1')()}}",
];
const attack = attacks.join(" ");

describe.skipIf(testChromium === undefined)("what an asker writes", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => await browser.close());

  it("acts on no page, wherever it stands", async () => {
    await using inbox = await openInbox();
    const { holds } = inbox;
    const by = attack;
    const content = {
      [attack]: attack,
      list: [{ [attack]: attack }, { [attack]: 1 }],
      long: attack.repeat(20),
      none: [attack],
    };
    const odd = { name: attack.slice(0, 128), label: attack.slice(0, 120), approving: true };
    const decisions = ["approve", "edit", odd];
    const properties = {
      [attack.slice(0, 200)]: { type: "string", title: attack, description: attack, default: attack },
      choice: { enum: [attack, attack.slice(1)], title: attack },
      choices: { type: "array", items: { enum: [attack] } },
    };
    const labels = { [attack.slice(0, 200)]: attack.slice(0, 200) };
    const ask = { message: attack, details: `# ${attack}\n\n${attacks.join("\n\n")}\n\n    ${attack}` };
    await holds.open("approval", { ask: { ...ask, decisions }, content, labels }, { by });
    await holds.open("value", { ask: { ...ask, schema: { type: "object", properties } }, labels }, { by });
    for (const id of ["decided", "doubt", "canceled"]) await holds.open(id, { ask, content, labels }, { by });
    for (const id of ["decided", "doubt"]) await holds.answer(id, { decision: "approve", comment: attack }, { by });
    await holds.act("decided", () => ({ [attack]: attack }));
    const failure = holds.act("doubt", () => {
      throw new Error(attack);
    });
    await failure.catch(() => undefined);
    await holds.cancel("canceled", { by, reason: attack });

    await using context = await browser.newContext();
    const page = await context.newPage();
    const hosts = new Set<string>();
    const dialogs: string[] = [];
    page.on("request", (request) => hosts.add(new URL(request.url()).host));
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto(inbox.loginUrl());
    await page.getByRole("button", { name: "Log in" }).click();
    const ids = ["approval", "value", "decided", "doubt", "canceled"];
    const query = new URLSearchParams({ text: attack, state: attack, label: attack, next: attack }).toString();
    for (const path of [
      "?state=any",
      `?${query}`,
      "answered",
      `login?${query}&token=${encodeURIComponent(attack)}`,
      ...ids.map((id) => `hold?id=${id}`),
    ]) {
      await page.goto(inbox.at(path));
      await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true");
      const foreign = await page.evaluate<number>(
        "document.querySelectorAll('main script, main img, main svg, main style, main iframe, main object, base, meta[http-equiv]').length",
      );
      const handlers = await page.evaluate<number>(
        "[...document.querySelectorAll('*')].filter((element) => element.getAttributeNames().some((name) => name.startsWith('on'))).length",
      );
      const links = await page.evaluate<readonly string[]>("[...document.links].map(({ protocol }) => protocol)");
      expect({ path, foreign, handlers }).toEqual({ path, foreign: 0, handlers: 0 });
      expect(links.every((protocol) => /^(?:https?|mailto):$/u.test(protocol))).toBe(true);
      expect(await page.evaluate("window.hacked")).toBeUndefined();
      const text = await page.locator("main").innerText();
      for (const control of ["\u202e", "\u2066", "\u0000", "\u001b"]) expect(text).not.toContain(control);
    }
    // A form that is given back holds what was sent.
    await page.goto(inbox.at("hold?id=value"));
    await page.getByRole("button", { name: "Send the answer" }).click();
    expect(await page.evaluate("window.hacked")).toBeUndefined();
    expect([...hosts]).toEqual([new URL(inbox.url).host]);
    expect(dialogs).toEqual([]);
  });
});

describe("what is very large", () => {
  it("10 MB of text make a page that is small, and all of it can be had", async () => {
    await using inbox = await openInbox();
    const text = "<b>0123456789\u202e</b>".repeat(500_000);
    await inbox.holds.open("a", {
      ask: { message: "Read this?", decisions: ["approve", "reject"] },
      content: { text },
    });
    const client = await logIn(inbox);
    const page = await (await client.get("hold?id=a")).text();
    expect(page.length).toBeLessThan(200_000);
    expect(page).toContain("Open the whole content");
    const whole = await client.get("content?id=a");
    expect(whole.headers.get("content-type")).toMatch(/^text\/plain; ?charset=utf-8$/iu);
    expect(JSON.parse(await whole.text())).toEqual({ text });
    const token = await client.formToken("hold?id=a");
    expect((await client.post("hold?id=a", { token, decision: "approve" })).status).toBe(303);
  });

  it("10 000 values are a form that is one text, and go through as one", async () => {
    await using inbox = await openInbox();
    const content = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`field-${index}`, index]));
    await inbox.holds.open("a", { ask: { message: "Change?", decisions: ["edit", "reject"] }, content });
    const client = await logIn(inbox);
    const page = await (await client.get("hold?id=a")).text();
    expect(page.length).toBeLessThan(1_000_000);
    const token = /name="token" value="([^"]+)"/u.exec(page.split('<details class="edit"')[1] ?? "")?.[1] ?? "";
    const changed = { ...content, "field-9999": "last" };
    const sent = await client.post("hold?id=a", { token, decision: "edit", "value-0": JSON.stringify(changed) });
    expect(sent.status).toBe(303);
    expect((await inbox.holds.inspect("a"))?.answer?.content).toEqual(changed);
  });

  it("a form with 10 000 inputs that nobody asked for is read, and they count for nothing", async () => {
    await using inbox = await openInbox();
    const schema = { type: "object", properties: { name: { type: "string" } } };
    await inbox.holds.open("a", { ask: { message: "Who?", schema } });
    const client = await logIn(inbox);
    const token = await client.formToken("hold?id=a");
    const more = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`value-${index}`, "x"]));
    expect((await client.post("hold?id=a", { token, ...more })).status).toBe(303);
    expect((await inbox.holds.inspect("a"))?.answer?.value).toEqual({ name: "x" });
  });

  it.each([
    ["says its length", (body: string) => body],
    ["does not say its length", (body: string) => new Blob([body]).stream()],
  ])("a body over the limit that %s is not read to its end", async (_how, bodyOf) => {
    await using inbox = await openInbox({ maxBodyBytes: 10_000 });
    await inbox.holds.open("a", { ask: { message: "?" } });
    const client = await logIn(inbox);
    const response = await fetch(inbox.at("hold?id=a"), {
      method: "POST",
      body: bodyOf(`comment=${"x".repeat(1_000_000)}`),
      headers: { cookie: client.cookie },
      duplex: "half",
    });
    expect(response.status).toBe(413);
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "waiting" });
  });
});

describe("a connection", () => {
  it("on which nobody says anything is closed, and keeps nobody else out", async () => {
    await using inbox = await openInbox();
    const sockets = Array.from({ length: 200 }, () => connect(inbox.port, "127.0.0.1"));
    const closed = sockets.map(async (socket, index) => {
      socket.on("error", () => undefined);
      socket.resume();
      await once(socket, "connect");
      // Half of them begin, and go on for ever.
      if (index % 2 === 0) socket.write("POST /login HTTP/1.1\r\nHost: x\r\nX-Slow: ");
      await once(socket, "close");
    });
    const client = await logIn(inbox);
    expect((await client.get("")).status).toBe(200);
    await Promise.all(closed);
    expect((await client.get("")).status).toBe(200);
  });
});

describe("a session", () => {
  it("that somebody had before a login is not the one after it", async () => {
    await using inbox = await openInbox();
    const planted = "holdpoint=planted.by-another";
    const token = new URL(inbox.loginUrl()).searchParams.get("token") ?? "";
    const login = await fetch(inbox.at("login"), {
      method: "POST",
      body: new URLSearchParams({ token }),
      headers: { cookie: planted },
      redirect: "manual",
    });
    const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    expect(cookie).not.toBe(planted);
    const byPlanted = await fetch(inbox.at(""), { headers: { cookie: planted }, redirect: "manual" });
    expect(byPlanted.status).toBe(303);
  });
});

describe("a store", () => {
  it("that is away while somebody answers leaves the question as it was, and their next try counts", async () => {
    await using inbox = await openInbox();
    await inbox.holds.open("a", { ask: { message: "Deploy?" } });
    const client = await logIn(inbox);
    const token = await client.formToken("hold?id=a");
    const put = inbox.store.put.bind(inbox.store);
    let isAway = true;
    Object.defineProperty(inbox.store, "put", {
      value: async (...parameters: Parameters<typeof put>) => {
        if (!isAway) return await put(...parameters);
        throw new CheckpointError("unavailable", "memory: nobody answers", { backend: "memory", operation: "put" });
      },
    });
    const failed = await client.post("hold?id=a", { token, decision: "approve" });
    expect(failed.status).toBe(503);
    expect(failed.headers.get("retry-after")).toBe("5");
    expect(await failed.text()).toContain("The store does not answer");
    isAway = false;
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "waiting" });
    const again = await client.formToken("hold?id=a");
    expect((await client.post("hold?id=a", { token: again, decision: "approve" })).status).toBe(303);
  });

  it("with a document that cannot be read says so of that one, and shows the others", async () => {
    await using store = await openStore("memory:");
    await using inbox = await openInbox({ store });
    await store.put("holds/broken.json", new TextEncoder().encode('{"password":"hunter2"'), { ifAbsent: true });
    await inbox.holds.open("a", { ask: { message: "Deploy?" } });
    const client = await logIn(inbox);
    expect(await (await client.get("")).text()).toContain("Deploy?");
    expect(await (await client.get("?state=corrupt")).text()).toContain("broken");
    const page = await client.get("hold?id=broken");
    expect(page.status).toBe(500);
    expect(await page.text()).not.toContain("hunter2");
  });
});

describe("an id", () => {
  it.each(["..", ".", "/", "a/../b", "%2e%2e", "a&id=b", "a b+c", "?#", "😀", "<b>", "\u202e", "x".repeat(495)])(
    "may be %j, and its page is its own",
    async (id) => {
      await using inbox = await openInbox();
      await inbox.holds.open(id, { ask: { message: "The one?" } });
      await createHolds(inbox.store).open("b", { ask: { message: "Another?" } });
      const client = await logIn(inbox);
      const list = await (await client.get("")).text();
      const links = Array.from(list.matchAll(/class="item" href="\/([^"]+)"/gu), ([, path = ""]) =>
        path.replaceAll("&amp;", "&"),
      );
      const pages = await Promise.all(links.map(async (path) => await (await client.get(path)).text()));
      expect(pages.filter((page) => page.includes(">The one?</h1>"))).toHaveLength(1);
      expect(pages.filter((page) => page.includes(">Another?</h1>"))).toHaveLength(1);
      const path = links.find((_, index) => pages[index]?.includes(">The one?</h1>")) ?? "";
      const [, action = ""] = / action="\/(hold[^"]*)"/u.exec(await (await client.get(path)).text()) ?? [];
      const token = await client.formToken(path, action);
      expect((await client.post(action.replaceAll("&amp;", "&"), { token, decision: "approve" })).status).toBe(303);
      expect(await inbox.holds.inspect(id)).toMatchObject({ state: "answered" });
      expect(await inbox.holds.inspect("b")).toMatchObject({ state: "waiting" });
    },
  );
});
