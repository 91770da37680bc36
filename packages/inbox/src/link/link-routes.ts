import type { Context, Hono } from "hono";

import type { Frame } from "../frame/frame.ts";
import { messagePage } from "../frame/message-page.ts";
import { refuse } from "../frame/refuse.ts";
import { answerHold } from "../hold/answer-hold.ts";
import { sendToHold, showContent, showHold } from "../hold/hold-routes.ts";
import type { InboxContext } from "../inbox-context.ts";
import { readLinkToken } from "./sign-link.ts";

/** The pages that a signed link leads to: one hold, for as long as the link is good. */
export function linkRoutes(app: Hono<Frame>, inbox: InboxContext): void {
  if (inbox.linkKeys.length === 0) return;
  const follow =
    (work: (context: Context<Frame>, id: string) => Promise<Response>) =>
    async (context: Context<Frame>): Promise<Response> => {
      const token = context.req.query("token") ?? "";
      const claims = readLinkToken(inbox.linkKeys, token);
      if (claims === undefined || claims.until <= inbox.now().getTime()) {
        refuse(inbox, context, "link", { id: claims?.id });
        const text = "This link is not good, or not any more. Ask for another one, or log in.";
        const link = { path: inbox.base, text: "Log in" };
        return context.html(messagePage(inbox, undefined, { title: "Not any more", text, link }), 403);
      }
      const { id, person, right, opened } = claims;
      // Whoever has a link may have been given it: that is what the record says.
      context.set("viewer", { person: `link:${person}`, groups: [], link: { id, right, token, opened } });
      return await work(context, id);
    };
  app.get(
    "/link",
    follow(async (context, id) => await showHold(inbox, context, id)),
  );
  app.post(
    "/link",
    follow(async (context, id) => await sendToHold(inbox, context, id, answerHold)),
  );
  app.get(
    "/link/content",
    follow(async (context, id) => await showContent(inbox, context, id)),
  );
}
