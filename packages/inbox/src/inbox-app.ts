import type { Context } from "hono";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";

import { ApiRefusal, problemResponse } from "./api/api-problem.ts";
import { apiApp } from "./api/api-routes.ts";
import { assetRoutes } from "./frame/asset-routes.ts";
import { requestProblem } from "./frame/check-request.ts";
import { errorPage } from "./frame/error-page.ts";
import type { Frame } from "./frame/frame.ts";
import { messagePage } from "./frame/message-page.ts";
import { refuse } from "./frame/refuse.ts";
import { holdRoutes } from "./hold/hold-routes.ts";
import type { InboxContext } from "./inbox-context.ts";
import { eventRoutes } from "./live/event-routes.ts";
import { linkRoutes } from "./link/link-routes.ts";
import { loginRoutes } from "./login/login-routes.ts";
import { logoutRoute, requireViewer } from "./login/require-viewer.ts";
import { taskRoutes } from "./task/task-routes.ts";
import { listRoutes } from "./waiting/list-routes.ts";

/** The pages, and what each address does. */
export function inboxApp(inbox: InboxContext, maxBodyBytes: number): Hono<Frame> {
  const app = new Hono<Frame>().basePath(inbox.base.replace(/\/$/u, ""));
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        connectSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", ...Array.from(inbox.imageHosts, (host) => `https://${host}`)],
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
    context.set("peer", context.env?.peer);
    context.set("repeatedHeaders", context.env?.repeatedHeaders);
    const problem = requestProblem(inbox, context.req.raw);
    if (problem !== undefined) {
      refuse(inbox, context, problem.why);
      return refuseUnread(inbox, context, 403, problem.text);
    }
    await next();
    // What a page shows is for whoever it was made for, and the back button is to show what is now.
    if (!context.res.headers.has("cache-control")) context.res.headers.set("cache-control", "no-store");
    return undefined;
  });
  const onError = (context: Context): Response => refuseUnread(inbox, context, 413, "What was sent is too large.");
  app.use(bodyLimit({ maxSize: maxBodyBytes, onError }));
  assetRoutes(app);
  if (inbox.apiTokens.length > 0) app.route("/api/v1", apiApp(inbox));
  loginRoutes(app, inbox);
  linkRoutes(app, inbox);
  app.use(requireViewer(inbox));
  logoutRoute(app, inbox);
  listRoutes(app, inbox);
  eventRoutes(app, inbox);
  holdRoutes(app, inbox);
  taskRoutes(app, inbox);
  app.notFound((context) => {
    const viewer = context.get("viewer") as Frame["Variables"]["viewer"] | undefined;
    const text = "There is no page at this address.";
    const link = { path: inbox.base, text: "What waits" };
    return context.html(messagePage(inbox, viewer, { title: "Not found", text, link }), 404);
  });
  app.onError((error, context) => errorPage(inbox, error, context));
  return app;
}

/** Refuses what nobody has read, in the words of a page or in those of the API. */
function refuseUnread({ base }: InboxContext, context: Context, status: 403 | 413, text: string): Response {
  if (!context.req.path.startsWith(`${base}api/v1/`)) return context.text(`${text}\n`, status);
  return problemResponse(context, new ApiRefusal(status, status === 413 ? "too-large" : "forbidden", text));
}
