import { CheckpointError } from "@holdpoint/core";
import type { Context } from "hono";

import type { InboxContext } from "../inbox-context.ts";
import type { Frame } from "./frame.ts";
import { messagePage } from "./message-page.ts";
import { pathOf } from "./path-of.ts";

/** How long until a page that could not be made is asked for again, in seconds. */
const retrySeconds = 5;

/** What is said where a page cannot be made. */
export function errorPage(inbox: InboxContext, error: Error, context: Context<Frame>): Response | Promise<Response> {
  const viewer = context.get("viewer") as Frame["Variables"]["viewer"] | undefined;
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
