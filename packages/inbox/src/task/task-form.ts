import type { TaskDetails } from "@holdpoint/asya";
import { isJsonObject } from "@holdpoint/core/json";

import { controlsOfFields, controlsOfSchema } from "../form/controls-of.ts";
import type { FormControl } from "../form/form-control.ts";
import { renderControls } from "../form/render-controls.ts";
import type { InboxContext } from "../inbox-context.ts";
import { itemPath } from "../inbox-context.ts";
import type { Html } from "../show/html.ts";
import { html, nothing } from "../show/html.ts";
import { visibleText } from "../show/visible-text.ts";
import type { Viewer } from "../viewer.ts";
import { formPurpose } from "../viewer.ts";

/** What somebody sent and what is wrong with it. */
export interface SentTaskForm {
  readonly form: URLSearchParams;
  readonly problems: ReadonlyMap<number, string>;
  readonly problem: string | undefined;
}

/** What the token of a task's form is made for: this pause point, and none after it. */
export function taskPurpose(viewer: Viewer, { taskId, version }: TaskDetails): string {
  return formPurpose(viewer, "task", taskId, version);
}

/** The inputs of a task's fields, or else of its schema. */
export function controlsOfTask({ metadata }: TaskDetails): readonly FormControl[] {
  const fields = metadata?.fields ?? [];
  if (fields.length > 0) return controlsOfFields(fields);
  // Another program may have stored anything as the schema.
  return isJsonObject(metadata?.schema) ? controlsOfSchema(metadata.schema) : [];
}

/** The form that a task is answered with, by its gateway. */
export function taskForm(
  context: InboxContext,
  viewer: Viewer,
  task: TaskDetails,
  sent: SentTaskForm | undefined,
): Html {
  const controls = controlsOfTask(task);
  const isWrong = sent !== undefined && (sent.problem !== undefined || sent.problems.size > 0);
  return html`${
      isWrong
        ? html`<div class="notice wrong" role="alert">
            <p>This answer does not fit yet; nothing was sent.</p>
            ${sent.problem === undefined ? nothing : html`<p><bdi>${visibleText(sent.problem)}</bdi></p>`}
          </div>`
        : nothing
    }
    <form method="post" action="${itemPath(context, "task", task.taskId)}" class="answer">
      <input type="hidden" name="token" value="${context.tokens.issue(taskPurpose(viewer, task))}" />
      ${renderControls(controls, { prefix: "value", sent: sent?.form, problems: sent?.problems ?? new Map() })}
      <div class="buttons">
        <button class="primary">${controls.length === 0 ? "Let it go on" : "Send the answer"}</button>
      </div>
    </form>`;
}
