import type { Hono } from "hono";

import type { Frame } from "../frame/frame.ts";
import { refuse } from "../frame/refuse.ts";
import { nothingThere } from "../hold/hold-routes.ts";
import type { InboxContext } from "../inbox-context.ts";
import { taskPage } from "./task-page.ts";

/** The page of one task of the mesh. */
export function taskRoutes(app: Hono<Frame>, inbox: InboxContext): void {
  app.get("/task", async (context) => {
    const id = context.req.query("id") ?? "";
    const viewer = context.get("viewer");
    const task = await inbox.ledger.inspect(id);
    if (task === null) return nothingThere(inbox, context);
    if (!inbox.access.maySee(viewer, { kind: "task", id: task.taskId, labels: {} })) {
      refuse(inbox, context, "see", { id });
      return nothingThere(inbox, context);
    }
    return context.html(taskPage(inbox, viewer, task));
  });
}
