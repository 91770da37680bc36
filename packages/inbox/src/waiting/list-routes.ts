import type { Hono } from "hono";

import { answeredPage } from "../answered/answered-page.ts";
import type { Frame } from "../frame/frame.ts";
import type { InboxContext } from "../inbox-context.ts";
import type { KnownItems } from "../listing/item-list.ts";
import type { Viewer } from "../viewer.ts";
import { readFilter } from "./waiting-filter.ts";
import { waitingPage } from "./waiting-page.ts";

/** The lists: what waits, and what the viewer has answered. */
export function listRoutes(app: Hono<Frame>, inbox: InboxContext): void {
  const visible = async (viewer: Viewer): Promise<KnownItems> => {
    const known = await inbox.list.read();
    return { ...known, items: known.items.filter((item) => inbox.access.maySee(viewer, item)) };
  };
  app.get("/", async (context) => {
    const filter = readFilter(new URL(context.req.url).searchParams);
    const viewer = context.get("viewer");
    const known = await visible(viewer);
    const undelivered = filter.state === "not-delivered" ? await inbox.couriers.failedOf(known.items) : [];
    return context.html(waitingPage(inbox, viewer, known, filter, undelivered));
  });
  app.get("/answered", async (context) => {
    const viewer = context.get("viewer");
    return context.html(answeredPage(inbox, viewer, await visible(viewer)));
  });
}
