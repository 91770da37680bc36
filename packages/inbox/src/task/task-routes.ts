import type { TaskDetails } from "@holdpoint/asya";
import { findSentAnswers } from "@holdpoint/asya/gateway";
import type { Context, Hono } from "hono";

import type { Frame } from "../frame/frame.ts";
import { readForm } from "../frame/read-form.ts";
import { refuse } from "../frame/refuse.ts";
import { nothingThere } from "../hold/hold-routes.ts";
import type { InboxContext } from "../inbox-context.ts";
import { itemPath } from "../inbox-context.ts";
import { listedTask } from "../listing/listed-item.ts";
import { answerTask } from "./answer-task.ts";
import { taskPage } from "./task-page.ts";

/** The page of one task of the mesh, and the answer that its gateway is handed. */
export function taskRoutes(app: Hono<Frame>, inbox: InboxContext): void {
  app.get("/task", async (context) => {
    const task = await findTask(inbox, context);
    if (task === undefined) return nothingThere(inbox, context);
    const answers = await findSentAnswers(inbox.store, task);
    return context.html(taskPage(inbox, context.get("viewer"), task, { answers }));
  });
  const { gateway } = inbox;
  if (gateway === undefined) return;
  app.post("/task", async (context) => {
    const form = await readForm(context);
    const task = await findTask(inbox, context);
    if (task === undefined) return nothingThere(inbox, context);
    const outcome = await answerTask(inbox, context.get("viewer"), gateway, task, form);
    if (!outcome.taken) {
      if (outcome.refused !== undefined) refuse(inbox, context, outcome.refused, { id: task.taskId });
      return context.html(outcome.page, outcome.status);
    }
    const now = await inbox.ledger.inspect(task.taskId);
    if (now !== null) inbox.list.update(listedTask(now, await findSentAnswers(inbox.store, now)));
    return context.redirect(itemPath(inbox, "task", task.taskId), 303);
  });
}

async function findTask(inbox: InboxContext, context: Context<Frame>): Promise<TaskDetails | undefined> {
  const id = context.req.query("id") ?? "";
  const task = await inbox.ledger.inspect(id);
  if (task === null) return undefined;
  if (inbox.access.maySee(context.get("viewer"), { kind: "task", id: task.taskId, labels: {} })) return task;
  refuse(inbox, context, "see", { id });
  return undefined;
}
