import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { InboxError, openIdLogin } from "../src/index.ts";
import { launchChromium, testChromium } from "./chromium.ts";
import { findFreePorts } from "../../../tooling/servers/src/free-ports.ts";
import type { OpenInbox } from "./open-inbox.ts";
import { openInbox } from "./open-inbox.ts";
import type { StartedProvider } from "./start-provider.ts";
import { client, startProvider } from "./start-provider.ts";

const rules = { administrators: [], labels: { "team=billing": { answer: ["billing"] } } };
const groups = { ada: ["billing"], bob: ["billing"], eve: [] };

interface OpenWithProvider extends AsyncDisposable {
  readonly inbox: OpenInbox;
  readonly provider: StartedProvider;
}

describe("a login by OpenID Connect", () => {
  it.each(["http://login.example.com", "login.example.com", "ftp://login.example.com"])(
    "is not begun at %s, where others could read it",
    (issuer) => expect(() => openIdLogin({ issuer, ...client })).toThrow(InboxError),
  );

  it("says that the provider is away, and works once it is back", async () => {
    await using inbox = await openInbox({ authentication: openIdLogin({ issuer: "http://127.0.0.1:9", ...client }) });
    const response = await fetch(inbox.at("login"));
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("The identity provider does not answer.");
    expect(inbox.errors).toHaveLength(1);
  });

  it("that was not begun here, or by somebody else, ends nowhere", async () => {
    const [port = 0] = await findFreePorts(1);
    await using provider = await startProvider(`http://127.0.0.1:${port}/login/callback`);
    await using inbox = await openInbox({ port, authentication: openIdLogin({ issuer: provider.issuer, ...client }) });
    const uninvited = await fetch(inbox.at("login/callback?code=stolen&state=x"), { redirect: "manual" });
    expect(uninvited.status).toBe(403);
    const begun = await fetch(inbox.at("login"), { redirect: "manual" });
    const cookie = begun.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const forged = await fetch(inbox.at("login/callback?code=stolen&state=x"), {
      headers: { cookie },
      redirect: "manual",
    });
    expect(forged.status).toBe(403);
    expect(forged.headers.getSetCookie().join()).not.toMatch(/holdpoint=[^;]/u);
    // The cookie of a login that is under way is no login.
    const value = cookie.slice(cookie.indexOf("=") + 1);
    const session = await fetch(inbox.at(""), { headers: { cookie: `holdpoint=${value}` }, redirect: "manual" });
    expect(session.status).toBe(303);
    expect(inbox.refusals.map(({ why, path }) => `${why} ${path}`)).toEqual([
      "login /login/callback",
      "login /login/callback",
    ]);
  });
});

describe.skipIf(testChromium === undefined)("at a real identity provider", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => await browser.close());

  async function open(where: "token" | "userinfo"): Promise<OpenWithProvider> {
    const [port = 0] = await findFreePorts(1);
    const provider = await startProvider(`http://127.0.0.1:${port}/login/callback`, groups, where);
    const authentication = openIdLogin({ issuer: provider.issuer, ...client });
    const inbox = await openInbox({ port, authentication, rules });
    const end = async (): Promise<void> => {
      await inbox[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    };
    return { inbox, provider, [Symbol.asyncDispose]: end };
  }

  async function logInAs(name: string, page: Page): Promise<void> {
    await page.getByPlaceholder("Enter any login").fill(name);
    await page.getByPlaceholder("and password").fill("any");
    await page.getByRole("button", { name: "Sign-in" }).click();
    await page.getByRole("button", { name: "Continue" }).click();
  }

  it.each(["token", "userinfo"] as const)(
    "a link leads through the login to its question; groups by %s",
    async (where) => {
      await using opened = await open(where);
      const { inbox, provider } = opened;
      await inbox.holds.open(
        "a",
        { ask: { message: "Refund?" }, labels: { team: "billing" }, approvals: 2 },
        { by: { issuer: provider.issuer, subject: "eve" } },
      );
      for (const [name, state] of [
        ["ada", "waiting"],
        ["bob", "answered"],
      ] as const) {
        await using context = await browser.newContext();
        const page = await context.newPage();
        await page.goto(inbox.at("hold?id=a"));
        await logInAs(name, page);
        await page.getByRole("heading", { name: "Refund?" }).waitFor();
        await page.getByText(`${name} of the tests`).waitFor();
        await page.getByRole("button", { name: "Approve" }).click();
        await page.getByText("By you").waitFor();
        expect(await inbox.holds.inspect("a")).toMatchObject({ state });
      }
      expect(await inbox.holds.inspect("a")).toMatchObject({
        votes: [{ by: { issuer: provider.issuer, subject: "ada" } }],
        answer: { by: { issuer: provider.issuer, subject: "bob" } },
      });
      expect(provider.requests.includes("GET /me")).toBe(where === "userinfo");
    },
  );

  it("whoever is in no group of a label sees nothing, and logs out", async () => {
    await using opened = await open("token");
    const { inbox, provider } = opened;
    await inbox.holds.open("a", { ask: { message: "Refund?" }, labels: { team: "billing" } });
    await using context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(inbox.at("hold?id=a"));
    await logInAs("eve", page);
    await page.getByRole("heading", { name: "Not found" }).waitFor();
    await page.getByRole("link", { name: "Waiting" }).click();
    await page.getByText("Nothing waits for an answer.").waitFor();
    expect(inbox.refusals).toMatchObject([{ by: { issuer: provider.issuer, subject: "eve" }, why: "see", id: "a" }]);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "You are logged out" }).waitFor();
  });
});
