import { request as httpRequest } from "node:http";

import { openStore } from "@holdpoint/core";
import { describe, expect, it } from "vitest";

import { createInbox, InboxError, localLogin } from "../src/index.ts";
import { serveInbox } from "../src/node.ts";
import { logIn } from "./inbox-client.ts";
import { openInbox } from "./open-inbox.ts";

describe("a name", () => {
  it.each([
    ["evil.example", 403],
    ["127.0.0.1.evil.example", 403],
    ["127.0.0.1:1", 403],
    ["LOCALHOST", 200],
    ["inbox.example.org", 200],
    ["inbox.example.org:443", 200],
    ["Inbox.Example.ORG:443", 200],
    ["inbox.example.org:80", 403],
    ["inbox.example.org:8443", 403],
    ["evil.example@inbox.example.org", 400],
    ["intranet:80", 200],
    ["intranet:443", 403],
    ["[fd00::1]:80", 200],
    ["ports.example.org:8443", 200],
    ["ports.example.org", 403],
    ["ports.example.org:443", 403],
  ])("%s by which the inbox is asked gets %i", async (name, status) => {
    const otherOrigins = ["http://intranet:80", "http://[FD00:0::1]/", "https://ports.example.org:8443"];
    await using inbox = await openInbox({ url: "https://inbox.example.org:443/", otherOrigins });
    const host = name === "LOCALHOST" ? `${name}:${inbox.port}` : name;
    // fetch does not let its caller choose a Host.
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const request = httpRequest(`http://127.0.0.1:${inbox.port}/login`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on("error", reject).end();
    expect(await promise).toBe(status);
  });
});

describe("another site's form", () => {
  it.each([
    ["names the other site", { origin: "https://evil.example" }, 403],
    ["names the other site's part of this machine", { origin: "http://127.0.0.1:1" }, 403],
    ["is told by the browser", { "sec-fetch-site": "cross-site" }, 403],
    ["hides its site", { origin: "null", "sec-fetch-site": "same-origin" }, 303],
    ["names none", {}, 303],
  ])("that %s", async (_how, headers: Readonly<Record<string, string>>, status) => {
    await using inbox = await openInbox();
    await inbox.holds.open("a", { ask: { message: "?" } });
    const client = await logIn(inbox);
    const token = await client.formToken("hold?id=a");
    const sent = await client.post("hold?id=a", { token, decision: "approve" }, headers);
    expect(sent.status).toBe(status);
    expect((await inbox.holds.inspect("a"))?.state).toBe(status === 303 ? "answered" : "waiting");
  });
});

describe("a login", () => {
  it("is asked for wherever one goes first, and leads there", async () => {
    await using inbox = await openInbox();
    const asked = await fetch(inbox.at("hold?id=a%2Fb"), { redirect: "manual" });
    expect(asked.status).toBe(303);
    const login = new URL(asked.headers.get("location") ?? "", inbox.url);
    expect(login.searchParams.get("next")).toBe("/hold?id=a%2Fb");
    const token = new URL(inbox.loginUrl()).searchParams.get("token") ?? "";
    const body = new URLSearchParams({ token, next: "/hold?id=a%2Fb" });
    const done = await fetch(inbox.at("login"), { method: "POST", body, redirect: "manual" });
    expect(done.headers.get("location")).toBe("/hold?id=a%2Fb");
    expect(done.headers.getSetCookie()[0]).toMatch(
      /^holdpoint=[^;]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/u,
    );
  });

  it.each(["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "http:evil"])(
    "leads nowhere else than to the inbox: %s",
    async (next) => {
      await using inbox = await openInbox();
      const token = new URL(inbox.loginUrl()).searchParams.get("token") ?? "";
      const done = await fetch(inbox.at("login"), {
        method: "POST",
        body: new URLSearchParams({ token, next }),
        redirect: "manual",
      });
      const location = new URL(done.headers.get("location") ?? "", inbox.url);
      expect(location.origin).toBe(new URL(inbox.url).origin);
    },
  );

  it("takes a token once, only the one that was printed last, and only by a POST", async () => {
    await using inbox = await openInbox();
    const tokenOf = (url: string): string => new URL(url).searchParams.get("token") ?? "";
    const send = async (token: string): Promise<number> => {
      const body = new URLSearchParams({ token });
      return (await fetch(inbox.at("login"), { method: "POST", body, redirect: "manual" })).status;
    };
    const token = tokenOf(inbox.loginUrl());
    expect((await fetch(inbox.at(`login?token=${token}`), { redirect: "manual" })).headers.getSetCookie()).toEqual([]);
    expect(await send("wrong")).toBe(403);
    expect(await send(token)).toBe(303);
    expect(await send(token)).toBe(403);
    expect(await send("")).toBe(403);
    const printed = await fetch(inbox.at("login/token"), { method: "POST", body: new URLSearchParams() });
    expect(await printed.text()).toContain("A new token is printed.");
    expect(inbox.printed).toHaveLength(2);
    // Who asks again and again prints no faster.
    for (let count = 0; count < 10; count += 1) await fetch(inbox.at("login/token"), { method: "POST" });
    expect(inbox.printed.length).toBeLessThanOrEqual(3);
    expect(await send(inbox.printed.at(-1) ?? "")).toBe(303);
  });

  it.each([
    ["changed", (cookie: string) => cookie.replace(/=(.)/u, (_all, first: string) => `=${first === "e" ? "f" : "e"}`)],
    ["unsigned", (cookie: string) => cookie.replace(/\.[^.]*$/u, "")],
    ["empty", () => "holdpoint="],
  ])("by a cookie that is %s is none", async (_how, change) => {
    await using inbox = await openInbox();
    const { cookie } = await logIn(inbox);
    const response = await fetch(inbox.at(""), { headers: { cookie: change(cookie) }, redirect: "manual" });
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toContain("/login");
  });

  it("ends after half a day, and when somebody logs out", async () => {
    let now = new Date();
    await using inbox = await openInbox({ now: () => now });
    const client = await logIn(inbox);
    expect((await client.get("")).status).toBe(200);
    const token = await client.formToken("", "logout");
    const out = await client.post("logout", { token });
    expect(out.headers.getSetCookie()[0]).toMatch(/^holdpoint=; Max-Age=0/u);
    now = new Date(now.getTime() + 12 * 3_600_000);
    expect((await client.get("")).status).toBe(303);
  });

  it("holds at every inbox that has the secret, and at no other", async () => {
    const secret = "a secret that two inboxes have, long enough";
    await using first = await openInbox({ secret });
    const { store } = first;
    await using second = await openInbox({ secret, store });
    await using other = await openInbox({ secret: `${secret}!`, store });
    const { cookie } = await logIn(first);
    const statusAt = async (inbox: { at(path: string): string }): Promise<number> =>
      (await fetch(inbox.at(""), { headers: { cookie }, redirect: "manual" })).status;
    expect([await statusAt(second), await statusAt(other)]).toEqual([200, 303]);
  });
});

describe("an inbox", () => {
  it.each(["0.0.0.0", "::", "192.0.2.1", "example.com", "127.0.0.1.example.com"])(
    "is not served at %s, where others would reach it",
    async (host) => {
      await using store = await openStore("memory:");
      const authentication = localLogin({ person: "ada", print: () => undefined });
      const error: unknown = await serveInbox({ store, authentication, host, port: 0 }).catch(
        (thrown: unknown) => thrown,
      );
      expect(InboxError.is(error, "unprotected")).toBe(true);
    },
  );

  it("says which option is wrong", async () => {
    await using store = await openStore("memory:");
    const authentication = localLogin({ person: "ada", print: () => undefined });
    const url = "http://localhost/";
    for (const [options, says] of [
      [{ url: "localhost:80" }, "url: expected"],
      [{ url, secret: "short" }, "secret: it has 5 characters"],
      [{ url, otherOrigins: ["x"] }, "otherOrigins[0]: expected"],
      [{ url, ruls: {} }, "There is no option ruls; there are store, url,"],
      [{ url, authentication: undefined as never }, "authentication: expected what localLogin, openIdLogin"],
    ] as const) {
      expect(() => createInbox({ store, authentication, ...options })).toThrow(says);
    }
    const served = serveInbox({ store, url, host: "0.0.0.0", port: 0, authentication: undefined as never });
    await expect(served).rejects.toThrow("authentication: expected what localLogin, openIdLogin");
  });

  it("says that a port is taken", async () => {
    await using inbox = await openInbox();
    await using store = await openStore("memory:");
    const authentication = localLogin({ person: "ada", print: () => undefined });
    const port = Number(new URL(inbox.url).port);
    const error: unknown = await serveInbox({ store, authentication, port }).catch((thrown: unknown) => thrown);
    expect(InboxError.is(error, "in-use")).toBe(true);
  });

  it("stands below a path, and behind HTTPS, where it is served so", async () => {
    await using store = await openStore("memory:");
    const printed: string[] = [];
    const authentication = localLogin({ person: "ada", print: (token) => void printed.push(token) });
    const url = "https://tools.example.com/inbox/";
    const inbox = createInbox({ store, authentication, url });
    // As a proxy hands it on.
    const ask = async (
      path: string,
      init: {
        readonly method?: string;
        readonly body?: URLSearchParams;
        readonly headers?: Readonly<Record<string, string>>;
      } = {},
    ): Promise<Response> =>
      await inbox.handle(
        new Request(`http://tools.example.com${path}`, {
          ...init,
          headers: { host: "tools.example.com", ...init.headers },
        }),
      );
    expect((await ask("/inbox/")).headers.get("location")).toBe("/inbox/login?next=%2Finbox%2F");
    authentication.printToken();
    const body = new URLSearchParams({ token: printed[0] ?? "", next: "/elsewhere" });
    const headers = { host: "tools.example.com:443", origin: "https://tools.example.com:443" };
    const login = await ask("/inbox/login", { method: "POST", body, headers });
    expect(login.headers.get("location")).toBe("/inbox/");
    const cookie = login.headers.getSetCookie()[0] ?? "";
    expect(cookie).toMatch(/^__Host-holdpoint=[^;]+; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Lax$/u);
    const page = await (await ask("/inbox/", { headers: { cookie: cookie.split(";")[0] ?? "" } })).text();
    for (const path of page.matchAll(/(?:href|action)="(\/[^"]*)"/gu)) expect(path[1]).toMatch(/^\/inbox\//u);
    const style = /href="(\/inbox\/style-[^"]+)"/u.exec(page)?.[1] ?? "";
    expect((await ask(style)).headers.get("content-type")).toContain("text/css");
    inbox.close();
  });

  it("has headers that let a page do nothing but show itself", async () => {
    await using inbox = await openInbox();
    const client = await logIn(inbox);
    for (const path of ["", "login", "answered", "hold?id=none", "nowhere"]) {
      const { headers } = await client.get(path);
      expect(headers.get("content-security-policy")).toBe(
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("x-frame-options")).toBe("DENY");
    }
  });
});
