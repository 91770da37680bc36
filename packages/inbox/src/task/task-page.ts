import type { TaskDetails, TaskState } from "@holdpoint/asya";
import type { SentAnswer } from "@holdpoint/asya/gateway";

import { askedClass } from "../hold/hold-page.ts";
import { layout } from "../frame/layout.ts";
import type { InboxContext } from "../inbox-context.ts";
import { timeTag } from "../show/describe-time.ts";
import type { Html } from "../show/html.ts";
import { html, nothing } from "../show/html.ts";
import { jsonTree } from "../show/json-tree.ts";
import { personTag } from "../show/person-tag.ts";
import { visibleText } from "../show/visible-text.ts";
import type { Viewer } from "../viewer.ts";
import { answerersOf } from "./answerers-of.ts";
import type { SentTaskForm } from "./task-form.ts";
import { goesToFact } from "../waiting/item-row.ts";
import { taskForm } from "./task-form.ts";

const stateNames: Readonly<Record<TaskState, string>> = {
  paused: "Waiting",
  resumed: "Answered",
  canceled: "Canceled",
  corrupt: "Unreadable",
};

/** What the page says besides the task itself. */
export interface TaskPageOptions {
  /** What became of what was just sent. */
  readonly notice?: string | undefined;
  readonly sent?: SentTaskForm | undefined;
  /** Who has handed answers to the gateway. */
  readonly answers?: readonly SentAnswer[] | undefined;
}

/** The page of one task of the mesh: what it waits for, what it carries, where it goes, and the form. */
export function taskPage(
  context: InboxContext,
  viewer: Viewer,
  task: TaskDetails,
  { notice, sent, answers = [] }: TaskPageOptions = {},
): Html {
  const now = context.now();
  const { taskId, state, pausedAt, endedAt, endedBy, next, message, input, reason } = task;
  const title = task.prompt ?? taskId;
  const people = answerersOf(answers).map((person) => personTag(person));
  const ender = endedBy === undefined ? [] : [html`<bdi>${visibleText(endedBy)}</bdi>`];
  const names = people.length > 0 ? people : ender;
  const who = names.map((name, index) => html`${index === 0 ? " by " : " or "}${name}`);
  return layout(
    context,
    { title, viewer },
    html`<article>
      ${notice === undefined ? nothing : html`<p class="notice" role="status">${notice}</p>`}
      <h1 class="${askedClass(task.prompt)}" dir="auto">${visibleText(title)}</h1>
      <p class="facts">
        ${state === "paused" ? nothing : html`<span class="state">${stateNames[state]}</span>`}
        ${pausedAt === undefined ? nothing : html`<span>paused ${timeTag(pausedAt, now)}</span>`}
        ${next === undefined || next.length === 0 ? nothing : goesToFact(next)}
      </p>
      ${
        endedAt === undefined
          ? nothing
          : html`<section class="panel" aria-labelledby="decided">
              <h2 id="decided">${stateNames[state]}</h2>
              <p>${stateNames[state]}${who} ${timeTag(endedAt, now)}.</p>
              ${reason === undefined ? nothing : html`<p class="said" dir="auto">${visibleText(reason)}</p>`}
              ${input === undefined ? nothing : jsonTree(input).html}
            </section>`
      }
      ${
        message === undefined
          ? nothing
          : html`<section class="content" aria-label="Content">
              ${jsonTree(message.payload, context.imageHosts).html}
            </section>`
      }
      ${state === "paused" ? askSection(context, viewer, task, sent, answers.at(-1)) : nothing}
      <p class="id">${visibleText(taskId)}</p>
    </article>`,
  );
}

function askSection(
  context: InboxContext,
  viewer: Viewer,
  task: TaskDetails,
  sent: SentTaskForm | undefined,
  last: SentAnswer | undefined,
): Html {
  const { taskId } = task;
  if (context.gateway === undefined) {
    return html`<section class="panel" aria-labelledby="resume">
      <h2 id="resume">Answer it at its gateway</h2>
      <p>This task belongs to the mesh, and its gateway is not known here. At a terminal:</p>
      <p><code class="said">holdpoint resume ${visibleText(taskId)}</code></p>
    </section>`;
  }
  if (!context.access.mayAnswer(viewer, { kind: "task", id: taskId, labels: {} })) {
    return html`<p class="notice">You may look at this. Others answer it.</p>`;
  }
  return html`${
      last === undefined
        ? nothing
        : html`<p class="notice">
            An answer by ${personTag(last.by)} was handed to the gateway, ${timeTag(last.at, context.now())}, and is not
            taken up yet. What is sent now counts only if that one is lost.
          </p>`
    }
    <section aria-label="Your answer">${taskForm(context, viewer, task, sent)}</section>`;
}
