import type { HoldDetails } from "@holdpoint/core/holds";
import { HoldError } from "@holdpoint/core/holds";
import type { Context, Hono } from "hono";

import type { Frame } from "../frame/frame.ts";
import { messagePage } from "../frame/message-page.ts";
import { readForm } from "../frame/read-form.ts";
import { refuse } from "../frame/refuse.ts";
import type { InboxContext } from "../inbox-context.ts";
import { itemPath } from "../inbox-context.ts";
import { labelledHold } from "../rules/access.ts";
import type { Viewer } from "../viewer.ts";
import type { SentOutcome } from "./answer-hold.ts";
import { answerHold } from "./answer-hold.ts";
import { holdPage } from "./hold-page.ts";
import { repeatDelivery } from "./repeat-delivery.ts";
import { settleHold } from "./settle-hold.ts";

/** The page of one hold, and what is sent from it. */
export function holdRoutes(app: Hono<Frame>, inbox: InboxContext): void {
  app.get("/hold", async (context) => await showHold(inbox, context, idOf(context)));
  app.post("/hold", async (context) => await sendToHold(inbox, context, idOf(context), answerHold));
  app.get("/settle", (context) => context.redirect(itemPath(inbox, "hold", idOf(context)), 303));
  app.post("/settle", async (context) => await sendToHold(inbox, context, idOf(context), settleHold));
  app.get("/deliver", (context) => context.redirect(itemPath(inbox, "hold", idOf(context)), 303));
  app.post("/deliver", async (context) => await sendToHold(inbox, context, idOf(context), repeatDelivery));
  app.get("/content", async (context) => await showContent(inbox, context, idOf(context)));
}

function idOf(context: Context<Frame>): string {
  return context.req.query("id") ?? "";
}

/** A hold as a page. */
export async function showHold(inbox: InboxContext, context: Context<Frame>, id: string): Promise<Response> {
  const hold = await findHold(inbox, context, id);
  if (hold === undefined) return nothingThere(inbox, context);
  const deliveries = await inbox.couriers.statusesOf(hold);
  return context.html(holdPage(inbox, context.get("viewer"), hold, { deliveries }));
}

/** All that a hold is about, as plain text, so that nothing in it is acted on. */
export async function showContent(inbox: InboxContext, context: Context<Frame>, id: string): Promise<Response> {
  const hold = await findHold(inbox, context, id);
  if (hold === undefined) return nothingThere(inbox, context);
  return context.text(`${JSON.stringify(hold.content ?? null, null, 2)}\n`);
}

/** Does with a hold what a form says. */
export async function sendToHold(
  inbox: InboxContext,
  context: Context<Frame>,
  id: string,
  work: (inbox: InboxContext, viewer: Viewer, hold: HoldDetails, form: URLSearchParams) => Promise<SentOutcome>,
): Promise<Response> {
  const form = await readForm(context);
  const hold = await findHold(inbox, context, id);
  if (hold === undefined) return nothingThere(inbox, context);
  const viewer = context.get("viewer");
  const outcome = await work(inbox, viewer, hold, form);
  // After a redirect, loading the page again sends nothing again.
  if (outcome.taken) return context.redirect(itemPath(inbox, "hold", id, viewer), 303);
  if (outcome.refused !== undefined) refuse(inbox, context, outcome.refused, { id });
  return context.html(outcome.page, outcome.status);
}

/** What somebody may see under an id. Whether there is anything that they may not, they are not told. */
async function findHold(inbox: InboxContext, context: Context<Frame>, id: string): Promise<HoldDetails | undefined> {
  let hold: HoldDetails | null;
  try {
    hold = await inbox.holds.inspect(id);
  } catch (error) {
    // What no hold can be called is no hold.
    if (HoldError.is(error, "invalid-argument")) return undefined;
    throw error;
  }
  if (hold === null) return undefined;
  const { link } = context.get("viewer");
  if (link?.opened !== undefined && link.opened !== hold.openedAt?.getTime()) {
    refuse(inbox, context, "link", { id });
    return undefined;
  }
  if (inbox.access.maySee(context.get("viewer"), labelledHold(hold))) return hold;
  refuse(inbox, context, "see", { id });
  return undefined;
}

/** What is said of an id that stands for nothing. */
export function nothingThere(inbox: InboxContext, context: Context<Frame>): Response {
  const text = "Nothing is stored by this name, or it is not for you. It may have been removed after it ended.";
  const viewer = context.get("viewer");
  const link = viewer.link === undefined ? { path: inbox.base, text: "What waits" } : undefined;
  return context.html(messagePage(inbox, viewer, { title: "Not found", text, link }), 404);
}
