import type { Context, Hono, MiddlewareHandler } from "hono";

import type { Frame } from "../frame/frame.ts";
import { logoutPurpose } from "../frame/layout.ts";
import { pathOf } from "../frame/path-of.ts";
import { readForm } from "../frame/read-form.ts";
import type { InboxContext } from "../inbox-context.ts";
import type { Viewer } from "../viewer.ts";

/** Lets those go on who are logged in, and sends others to log in. */
export function requireViewer(inbox: InboxContext): MiddlewareHandler<Frame> {
  return async (context, next) => {
    const { base } = inbox;
    const viewer = await findViewer(inbox, context);
    if (viewer === undefined) {
      const query = new URLSearchParams({ next: context.req.method === "GET" ? pathOf(context) : base });
      return context.redirect(`${base}login?${query.toString()}`, 303);
    }
    context.set("viewer", viewer);
    await next();
    return undefined;
  };
}

/** Who sends a request, as far as they are logged in still. */
export async function findViewer(
  { login, sessions }: InboxContext,
  context: Context<Frame>,
): Promise<Viewer | undefined> {
  if (login.kind !== "proxy") return await sessions.find(context);
  return login.identify(context.req.raw, {
    peer: context.get("peer"),
    repeatedHeaders: context.get("repeatedHeaders"),
  });
}

/** The address at which somebody logs out. */
export function logoutRoute(app: Hono<Frame>, inbox: InboxContext): void {
  app.post("/logout", async (context) => {
    const form = await readForm(context);
    const verdict = inbox.tokens.redeem(form.get("token") ?? "", logoutPurpose(context.get("viewer")));
    // A page that stood open for long still logs out.
    if (verdict !== "invalid") inbox.sessions.end(context);
    return context.redirect(`${inbox.base}login?out`, 303);
  });
}
