import type { Context, Hono } from "hono";

import { messagePage } from "../frame/message-page.ts";
import { readForm } from "../frame/read-form.ts";
import { refuse } from "../frame/refuse.ts";
import type { Frame } from "../frame/frame.ts";
import type { InboxContext } from "../inbox-context.ts";
import type { LocalLogin } from "./local-login.ts";
import { loginPage } from "./login-page.ts";
import type { OpenIdLogin } from "./open-id-login.ts";

/** The addresses at which somebody logs in. */
export function loginRoutes(app: Hono<Frame>, inbox: InboxContext): void {
  const { login } = inbox;
  switch (login.kind) {
    case "local":
      localRoutes(app, inbox, login);
      break;
    case "openid":
      openIdRoutes(app, inbox, login);
      break;
    case "proxy":
      app.get("/login", (context) => {
        refuse(inbox, context, "login");
        const text = "The proxy before this inbox has not said who you are.";
        return context.html(messagePage(inbox, undefined, { title: "Not logged in", text }), 403);
      });
      break;
  }
}

function localRoutes(app: Hono<Frame>, inbox: InboxContext, login: LocalLogin): void {
  app.get("/login", (context) => {
    const token = context.req.query("token");
    return context.html(loginPage(inbox, { next: safeNext(inbox, context.req.query("next")), token }));
  });
  app.post("/login/token", async (context) => {
    const form = await readForm(context);
    login.printToken();
    const next = safeNext(inbox, form.get("next"));
    return context.html(loginPage(inbox, { next, token: undefined, printed: true }));
  });
  app.post("/login", async (context) => {
    const form = await readForm(context);
    const next = safeNext(inbox, form.get("next"));
    if (!login.redeem((form.get("token") ?? "").trim())) {
      refuse(inbox, context, "login");
      const problem = "This token is not the one that was printed last, or it was used before.";
      return context.html(loginPage(inbox, { next, token: undefined, problem }), 403);
    }
    await inbox.sessions.begin(context, { person: login.person, groups: login.groups });
    return context.redirect(next, 303);
  });
}

function openIdRoutes(app: Hono<Frame>, inbox: InboxContext, login: OpenIdLogin): void {
  const redirectUri = `${inbox.url}login/callback`;
  app.get("/login", async (context) => {
    if (context.req.query("out") !== undefined) {
      const link = { path: `${inbox.base}login`, text: "Log in again" };
      return context.html(messagePage(inbox, undefined, { title: "You are logged out", text: "", link }));
    }
    try {
      const { location, flow } = await login.begin(redirectUri);
      await inbox.sessions.beginFlow(context, { ...flow, next: safeNext(inbox, context.req.query("next")) });
      return context.redirect(location, 303);
    } catch (error) {
      return providerAway(inbox, context, error as Error);
    }
  });
  app.get("/login/callback", async (context) => {
    const flow = await inbox.sessions.takeFlow(context);
    if (flow === undefined) {
      refuse(inbox, context, "login");
      const text = "This login was not begun here, or took too long.";
      const link = { path: `${inbox.base}login`, text: "Begin again" };
      return context.html(messagePage(inbox, undefined, { title: "Not logged in", text, link }), 403);
    }
    try {
      // As the provider knows it, whatever a proxy has made of the address.
      const callback = new URL(redirectUri);
      callback.search = new URL(context.req.url).search;
      await inbox.sessions.begin(context, await login.finish(callback, flow));
    } catch (error) {
      refuse(inbox, context, "login");
      inbox.report(error as Error);
      const text = "The identity provider did not vouch for you.";
      const link = { path: `${inbox.base}login`, text: "Begin again" };
      return context.html(messagePage(inbox, undefined, { title: "Not logged in", text, link }), 403);
    }
    return context.redirect(flow.next, 303);
  });
}

function providerAway(inbox: InboxContext, context: Context<Frame>, error: Error): Response | Promise<Response> {
  inbox.report(error);
  const text = "The identity provider does not answer. This page tries again by itself.";
  return context.html(messagePage(inbox, undefined, { title: "Not logged in", text, refreshSeconds: 5 }), 503);
}

/** Where to go after a login: an address of the inbox, and of nobody else. */
function safeNext({ base }: InboxContext, next: string | null | undefined): string {
  const here = "http://inbox.invalid";
  const url = URL.canParse(next ?? "", here) ? new URL(next ?? "", here) : undefined;
  if (url === undefined || url.origin !== here || !url.pathname.startsWith(base)) return base;
  return `${url.pathname}${url.search}`;
}
