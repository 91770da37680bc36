import type { Hono } from "hono";

import type { Frame } from "../frame/frame.ts";
import type { InboxContext } from "../inbox-context.ts";
import { findViewer } from "../login/require-viewer.ts";
import { streamChanges } from "./stream-changes.ts";

/** Tells pages that stand open what has changed. */
export function eventRoutes(app: Hono<Frame>, inbox: InboxContext): void {
  app.get("/events", (context) => {
    const viewer = context.get("viewer");
    return streamChanges(inbox, context, {
      nameOf: (item) => (inbox.access.maySee(viewer, item) ? `${item.kind} ${item.id}` : undefined),
      isLet: async () => (await findViewer(inbox, context)) !== undefined,
      // A page asks for itself in any case, whatever the names are.
      messageOf: (names = []) => names,
    });
  });
}
