import { isJsonNumber, isSameJson } from "@holdpoint/core/json";

import type { Html } from "../show/html.ts";
import { html, nothing } from "../show/html.ts";
import { visibleText } from "../show/visible-text.ts";
import type { ControlShape, FormControl } from "./form-control.ts";
import { inputName } from "./read-controls.ts";

/** More choices than that stand in a list to open. */
const maxRadios = 6;

/** What stands in the inputs: what somebody sent before, and what was wrong with it. */
export interface FilledIn {
  /** Makes the ids of a page with two forms differ. */
  readonly prefix: string;
  readonly sent: URLSearchParams | undefined;
  readonly problems: ReadonlyMap<number, string>;
}

/** The inputs of a form. */
export function renderControls(controls: readonly FormControl[], filledIn: FilledIn): Html {
  return html`${controls.map((control, index) => renderControl(control, index, filledIn))}`;
}

function renderControl(control: FormControl, index: number, { prefix, sent, problems }: FilledIn): Html {
  const id = `${prefix}-${index}`;
  const problem = problems.get(index);
  const input: Input = {
    id,
    name: inputName(index),
    required: control.required,
    given: sent === undefined ? undefined : sent.getAll(inputName(index)),
    initial: control.initial,
    describedBy: [
      ...(control.hint === undefined ? [] : [`${id}-hint`]),
      ...(problem === undefined ? [] : [`${id}-problem`]),
    ],
    isWrong: problem !== undefined,
  };
  const optional = control.required ? nothing : html` <span class="optional">optional</span>`;
  const zone = control.shape.kind === "text" && control.shape.type === "datetime" ? " (UTC)" : "";
  const label = html`<bdi>${visibleText(control.label)}</bdi>${zone}${optional}`;
  const more = html`${control.hint === undefined ? nothing : html`<p class="hint" id="${id}-hint">${visibleText(control.hint)}</p>`}${
    problem === undefined ? nothing : html`<p class="problem" id="${id}-problem">${problem}</p>`
  }`;
  if (isGroup(control.shape)) {
    return html`<fieldset class="field" aria-describedby="${input.describedBy.join(" ")}">
      <legend>${label}</legend>
      ${more} ${renderGroup(control.shape, input)}
    </fieldset>`;
  }
  return html`<div class="field">
    <label for="${id}">${label}</label>
    ${more} ${renderInput(control.shape, input)}
  </div>`;
}

interface Input {
  readonly id: string;
  readonly name: string;
  readonly required: boolean;
  /** What was sent before; `undefined` the first time. */
  readonly given: readonly string[] | undefined;
  readonly initial: unknown;
  readonly describedBy: readonly string[];
  readonly isWrong: boolean;
}

type GroupShape = Extract<ControlShape, { kind: "boolean" | "choice" | "choices" }>;

function isGroup(shape: ControlShape): shape is GroupShape {
  if (shape.kind === "choice") return shape.choices.length <= maxRadios;
  return shape.kind === "boolean" || shape.kind === "choices";
}

function renderGroup(shape: GroupShape, input: Input): Html {
  const isSeveral = shape.kind === "choices";
  const options =
    shape.kind === "boolean"
      ? [
          { value: "yes", label: "Yes", isInitial: input.initial === true },
          { value: "no", label: "No", isInitial: input.initial === false },
        ]
      : shape.choices.map(({ value, label }, index) => ({
          value: String(index),
          label,
          isInitial:
            isSeveral && Array.isArray(input.initial)
              ? input.initial.some((item) => isSameJson(item, value))
              : input.initial !== undefined && isSameJson(input.initial, value),
        }));
  // A radio that was chosen cannot be unchosen, so where none is needed there is one that stands for it.
  const all =
    isSeveral || input.required
      ? options
      : [...options, { value: "", label: "No answer", isInitial: !options.some(({ isInitial }) => isInitial) }];
  return html`<div class="options">
    ${all.map(
      ({ value, label, isInitial }) =>
        html`<label class="option"
          ><input
            type="${isSeveral ? "checkbox" : "radio"}"
            name="${input.name}"
            value="${value}"
            ${(input.given?.includes(value) ?? isInitial) ? "checked" : nothing}
            ${input.required && !isSeveral ? "required" : nothing}
          />
          <bdi>${visibleText(label)}</bdi></label
        >`,
    )}
  </div>`;
}

function renderInput(shape: Exclude<ControlShape, { kind: "boolean" | "choices" }>, input: Input): Html {
  const { id, name, required, describedBy, isWrong } = input;
  const common = html`id="${id}" name="${name}" ${required ? "required" : nothing}
  ${describedBy.length === 0 ? nothing : html`aria-describedby="${describedBy.join(" ")}"`}
  ${isWrong ? html`aria-invalid="true"` : nothing}`;
  const text = input.given?.[0] ?? initialText(shape, input.initial);
  switch (shape.kind) {
    case "choice":
      return html`<select ${common}>
        <option value="">${required ? "Choose…" : "No answer"}</option>
        ${shape.choices.map(({ value, label }, index) => {
          const isChosen =
            input.given === undefined
              ? input.initial !== undefined && isSameJson(input.initial, value)
              : input.given[0] === String(index);
          return html`<option value="${index}" ${isChosen ? "selected" : nothing}>${visibleText(label)}</option>`;
        })}
      </select>`;
    case "number":
      // An input of the type number would round what a double cannot hold.
      return html`<input
        ${common}
        type="text"
        inputmode="${shape.isWhole ? "numeric" : "decimal"}"
        autocomplete="off"
        value="${text}"
      />`;
    case "json":
      return textarea(
        html`${common} class="code" rows="${rowsFor(text, 4, 24)}" spellcheck="false" autocomplete="off"`,
        text,
      );
    case "text": {
      if (!shape.isLong) {
        const type = shape.type === "datetime" ? "datetime-local" : shape.type;
        return html`<input ${common} type="${type}" autocomplete="off" value="${text}" dir="auto" />`;
      }
      return textarea(html`${common} rows="${rowsFor(text, 2, 16)}" dir="auto"`, text);
    }
  }
}

function initialText(shape: ControlShape, initial: unknown): string {
  if (initial === undefined) return "";
  if (shape.kind === "json") return JSON.stringify(initial, null, 2);
  if (isJsonNumber(initial)) return JSON.stringify(initial);
  if (typeof initial !== "string") return "";
  const isDateTime = shape.kind === "text" && shape.type === "datetime";
  return isDateTime ? initial.replace(/(?:Z|\+00:00)$/u, "") : initial;
}

/** An input of several lines. A line break after its opening tag is not part of its text, so one stands there always. */
export function textarea(attributes: Html, text: string): Html {
  return html`<textarea ${attributes}>${`\n${text}`}</textarea>`;
}

function rowsFor(text: string, least: number, most: number): number {
  const lines = text.split("\n").reduce((sum, line) => sum + 1 + Math.floor(line.length / 70), 0);
  return Math.min(most, Math.max(least, lines));
}
