import { CheckpointError } from "@holdpoint/core";
import type { HoldDetails } from "@holdpoint/core/holds";
import { HoldError } from "@holdpoint/core/holds";
import type { Context } from "hono";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";

import { answeredPage } from "./answered/answered-page.ts";
import { requestProblem } from "./frame/check-request.ts";
import { iconText } from "./frame/icon.ts";
import { logoutPurpose } from "./frame/layout.ts";
import { messagePage } from "./frame/message-page.ts";
import { stylePath, styleText } from "./frame/style.ts";
import type { SentOutcome } from "./hold/answer-hold.ts";
import { answerHold } from "./hold/answer-hold.ts";
import { holdPage } from "./hold/hold-page.ts";
import { settleHold } from "./hold/settle-hold.ts";
import type { InboxContext } from "./inbox-context.ts";
import { itemPath } from "./inbox-context.ts";
import { loginPage } from "./login/login-page.ts";
import { taskPage } from "./task/task-page.ts";
import type { Viewer } from "./viewer.ts";
import { readFilter } from "./waiting/waiting-filter.ts";
import { waitingPage } from "./waiting/waiting-page.ts";

type Frame = { Variables: { viewer: Viewer } };

/** How long until a page that could not be made is asked for again, in seconds. */
const retrySeconds = 5;

/** The pages, and what each address does. */
export function inboxApp(inbox: InboxContext, maxBodyBytes: number): Hono<Frame> {
  const app = new Hono<Frame>().basePath(inbox.base.replace(/\/$/u, ""));
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
      // With none at all, a form would not say which site it comes from.
      referrerPolicy: "same-origin",
      xFrameOptions: "DENY",
      // Whether HTTPS is to be had is for whoever serves it to say.
      strictTransportSecurity: false,
    }),
  );
  app.use(async (context, next) => {
    const problem = requestProblem(inbox, context.req.raw);
    if (problem !== undefined) return context.text(`${problem}\n`, 403);
    await next();
    // What a page shows is for whoever it was made for, and the back button is to show what is now.
    if (!context.res.headers.has("cache-control")) context.res.headers.set("cache-control", "no-store");
    return undefined;
  });
  app.use(
    bodyLimit({ maxSize: maxBodyBytes, onError: (context) => context.text("What was sent is too large.\n", 413) }),
  );
  assets(app);
  loginRoutes(app, inbox);
  app.use(async (context, next) => {
    const viewer = await inbox.sessions.find(context);
    if (viewer === undefined) {
      const query = new URLSearchParams({ next: context.req.method === "GET" ? pathOf(context) : inbox.base });
      return context.redirect(`${inbox.base}login?${query.toString()}`, 303);
    }
    context.set("viewer", viewer);
    await next();
    return undefined;
  });
  listRoutes(app, inbox);
  itemRoutes(app, inbox);
  app.notFound((context) => {
    const text = "There is no page at this address.";
    const link = { path: inbox.base, text: "What waits" };
    return context.html(messagePage(inbox, context.get("viewer"), { title: "Not found", text, link }), 404);
  });
  app.onError((error, context) => errorPage(inbox, error, context));
  return app;
}

function assets(app: Hono<Frame>): void {
  const forever = { "cache-control": "public, max-age=31536000, immutable" };
  app.get(`/${stylePath}`, (context) =>
    context.body(styleText, 200, { ...forever, "content-type": "text/css; charset=utf-8" }),
  );
  app.get("/icon.svg", (context) =>
    context.body(iconText, 200, { "cache-control": "public, max-age=86400", "content-type": "image/svg+xml" }),
  );
}

function loginRoutes(app: Hono<Frame>, inbox: InboxContext): void {
  const { login, sessions } = inbox;
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
      const problem = "This token is not the one that was printed last, or it was used before.";
      return context.html(loginPage(inbox, { next, token: undefined, problem }), 403);
    }
    await sessions.begin(context, { person: login.person });
    return context.redirect(next, 303);
  });
}

function listRoutes(app: Hono<Frame>, inbox: InboxContext): void {
  app.get("/", async (context) => {
    const filter = readFilter(new URL(context.req.url).searchParams);
    return context.html(waitingPage(inbox, context.get("viewer"), await inbox.list.read(), filter));
  });
  app.get("/answered", async (context) =>
    context.html(answeredPage(inbox, context.get("viewer"), await inbox.list.read())),
  );
  app.post("/logout", async (context) => {
    const form = await readForm(context);
    const verdict = inbox.tokens.redeem(form.get("token") ?? "", logoutPurpose(context.get("viewer")));
    // A page that stood open for long still logs out.
    if (verdict !== "invalid") inbox.sessions.end(context);
    return context.redirect(`${inbox.base}login`, 303);
  });
}

function itemRoutes(app: Hono<Frame>, inbox: InboxContext): void {
  app.get("/hold", async (context) => {
    const hold = await findHold(inbox, context);
    return hold === undefined ? noItem(inbox, context) : context.html(holdPage(inbox, context.get("viewer"), hold));
  });
  app.post("/hold", async (context) => await send(inbox, context, answerHold));
  app.get("/settle", (context) => context.redirect(itemPath(inbox, "hold", context.req.query("id") ?? ""), 303));
  app.post("/settle", async (context) => await send(inbox, context, settleHold));
  app.get("/content", async (context) => {
    const hold = await findHold(inbox, context);
    if (hold === undefined) return noItem(inbox, context);
    // As plain text, so that nothing in it is acted on.
    return context.text(`${JSON.stringify(hold.content ?? null, null, 2)}\n`);
  });
  app.get("/task", async (context) => {
    const task = await inbox.ledger.inspect(context.req.query("id") ?? "");
    return task === null ? noItem(inbox, context) : context.html(taskPage(inbox, context.get("viewer"), task));
  });
}

async function send(
  inbox: InboxContext,
  context: Context<Frame>,
  work: (inbox: InboxContext, viewer: Viewer, hold: HoldDetails, form: URLSearchParams) => Promise<SentOutcome>,
): Promise<Response> {
  const form = await readForm(context);
  const hold = await findHold(inbox, context);
  if (hold === undefined) return noItem(inbox, context);
  const outcome = await work(inbox, context.get("viewer"), hold, form);
  // After a redirect, loading the page again sends nothing again.
  if (outcome.taken) return context.redirect(itemPath(inbox, "hold", hold.id), 303);
  return context.html(outcome.page, outcome.status);
}

async function findHold({ holds }: InboxContext, context: Context): Promise<HoldDetails | undefined> {
  try {
    return (await holds.inspect(context.req.query("id") ?? "")) ?? undefined;
  } catch (error) {
    // What no hold can be called is no hold.
    if (HoldError.is(error, "invalid-argument")) return undefined;
    throw error;
  }
}

function noItem(inbox: InboxContext, context: Context<Frame>): Response | Promise<Response> {
  const text = "Nothing is stored by this name. It may have been removed after it ended.";
  const link = { path: inbox.base, text: "What waits" };
  return context.html(messagePage(inbox, context.get("viewer"), { title: "Not found", text, link }), 404);
}

function errorPage(inbox: InboxContext, error: Error, context: Context<Frame>): Response | Promise<Response> {
  const viewer = context.get("viewer");
  inbox.report(error);
  if (CheckpointError.is(error, "corrupt")) {
    const text =
      "What is stored by this name cannot be read. Whoever runs this inbox can look at it by holdpoint show.";
    return context.html(messagePage(inbox, viewer, { title: "Unreadable", text }), 500);
  }
  const isGet = context.req.method === "GET";
  const isStore = CheckpointError.is(error);
  const title = isStore ? "The store does not answer" : "Something went wrong";
  const text = isGet
    ? "This page comes back by itself."
    : "Whether what you sent was taken is not known. Open the question again, and look; an answer counts once.";
  const link = isGet ? undefined : { path: pathOf(context), text: "Open it again" };
  const refreshSeconds = isGet ? retrySeconds : undefined;
  context.header("retry-after", String(retrySeconds));
  return context.html(messagePage(inbox, viewer, { title, text, link, refreshSeconds }), isStore ? 503 : 500);
}

async function readForm(context: Context): Promise<URLSearchParams> {
  return new URLSearchParams(await context.req.text());
}

function pathOf(context: Context): string {
  const { pathname, search } = new URL(context.req.url);
  return `${pathname}${search}`;
}

/** Where to go after a login: an address of the inbox, and of nobody else. */
function safeNext({ base }: InboxContext, next: string | null | undefined): string {
  const here = "http://inbox.invalid";
  const url = URL.canParse(next ?? "", here) ? new URL(next ?? "", here) : undefined;
  if (url === undefined || url.origin !== here || !url.pathname.startsWith(base)) return base;
  return `${url.pathname}${url.search}`;
}
