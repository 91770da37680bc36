import { isJsonNumber, isJsonObject } from "@holdpoint/core/json";
import type { JsonObject } from "@holdpoint/core/json";

import type { Html } from "./html.ts";
import { html } from "./html.ts";
import type { ImageHosts } from "./image-hosts.ts";
import { imageTag, mayShowImage, noImageHosts } from "./image-hosts.ts";
import { beginningOf, visibleText } from "./visible-text.ts";

/** How much of a value a page shows; the rest is in the whole, which can be fetched. */
const maxValues = 1_000;
const maxCharacters = 60_000;
const maxLevels = 12;
/** From here on a text is folded. */
const foldedCharacters = 600;
const maxTextCharacters = 20_000;
const maxColumns = 8;

/** What an address of an image looks like that nothing else says is one. */
const imageName = /^https:[^?#]+\.(?:avif|gif|jpe?g|png|svg|webp)(?:[?#]|$)/iu;

/** A value as a page shows it, and whether all of it is there. */
export interface JsonTree {
  readonly html: Html;
  readonly isWhole: boolean;
}

/** JSON as a person reads it: names with values, tables of what is alike, long texts folded, images where allowed. */
export function jsonTree(value: unknown, imageHosts: ImageHosts = noImageHosts): JsonTree {
  const budget = new Budget(imageHosts);
  return { html: tree(value, budget, 0), isWhole: budget.isWhole };
}

class Budget {
  isWhole = true;
  readonly imageHosts: ImageHosts;
  #values = maxValues;
  #characters = maxCharacters;

  constructor(imageHosts: ImageHosts) {
    this.imageHosts = imageHosts;
  }

  /** Whether one more value may be shown. */
  takeValue(): boolean {
    this.#values -= 1;
    if (this.#values < 0 || this.#characters <= 0) this.isWhole = false;
    return this.#values >= 0 && this.#characters > 0;
  }

  takeText(text: string, most: number): string {
    const shown = visibleText(beginningOf(text, Math.min(most, Math.max(this.#characters, 1))));
    if (text.length > most || text.length > this.#characters) this.isWhole = false;
    this.#characters -= shown.length;
    return shown;
  }
}

function tree(value: unknown, budget: Budget, level: number): Html {
  if (isJsonObject(value)) return level < maxLevels ? objectTree(value, budget, level) : folded(value, budget);
  if (Array.isArray(value)) return level < maxLevels ? arrayTree(value, budget, level) : folded(value, budget);
  return scalar(value, budget);
}

function objectTree(value: JsonObject, budget: Budget, level: number): Html {
  const entries = Object.entries(value);
  if (entries.length === 0) return html`<span class="none">empty</span>`;
  const rows: Html[] = [];
  for (const [name, item] of entries) {
    if (!budget.takeValue()) break;
    const isNested = typeof item === "object" && item !== null && !isJsonNumber(item);
    const shownName = budget.takeText(name, 200);
    rows.push(
      html`<div class="${isNested ? "pair nested" : "pair"}">
        <dt><bdi>${shownName === "" ? '""' : shownName}</bdi></dt>
        <dd>${tree(item, budget, level + 1)}</dd>
      </div>`,
    );
  }
  return html`<dl class="tree">${rows}</dl>`;
}

function arrayTree(value: readonly unknown[], budget: Budget, level: number): Html {
  if (value.length === 0) return html`<span class="none">empty</span>`;
  const columns = columnsOf(value);
  if (columns !== undefined) return table(value as readonly JsonObject[], columns, budget);
  const items: Html[] = [];
  for (const item of value) {
    if (!budget.takeValue()) break;
    items.push(html`<li>${tree(item, budget, level + 1)}</li>`);
  }
  return html`<ul class="tree">
    ${items}
  </ul>`;
}

/** The names of the columns, where a list is one of like objects without parts of their own. */
function columnsOf(value: readonly unknown[]): readonly string[] | undefined {
  if (value.length < 2) return undefined;
  const names = new Set<string>();
  for (const item of value) {
    if (!isJsonObject(item) || Object.values(item).some((part) => isJsonObject(part) || Array.isArray(part))) {
      return undefined;
    }
    for (const name of Object.keys(item)) names.add(name);
    if (names.size > maxColumns) return undefined;
  }
  return names.size === 0 ? undefined : [...names];
}

function table(rows: readonly JsonObject[], columns: readonly string[], budget: Budget): Html {
  const numeric = new Set(
    columns.filter((name) => rows.every((row) => row[name] === undefined || isJsonNumber(row[name]))),
  );
  const cell = (row: JsonObject, name: string): Html =>
    html`<td class="${numeric.has(name) ? "number" : "text"}">
      ${row[name] === undefined ? "" : scalar(row[name], budget)}
    </td>`;
  const body: Html[] = [];
  for (const row of rows) {
    if (!budget.takeValue()) break;
    body.push(
      html`<tr>
        ${columns.map((name) => cell(row, name))}
      </tr>`,
    );
  }
  const heading = (name: string): Html =>
    html`<th scope="col" class="${numeric.has(name) ? "number" : "text"}">
      <bdi>${budget.takeText(name, 200)}</bdi>
    </th>`;
  return html`<div class="wide" role="region" aria-label="Table" tabindex="0">
    <table>
      <thead>
        <tr>
          ${columns.map(heading)}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}

function scalar(value: unknown, budget: Budget): Html {
  if (value === null) return html`<span class="none">none</span>`;
  if (typeof value === "boolean") return html`${value ? "yes" : "no"}`;
  if (typeof value !== "string")
    return html`<span class="figure">${budget.takeText(JSON.stringify(value), 400)}</span>`;
  if (value === "") return html`<span class="none">empty text</span>`;
  if (value.length <= foldedCharacters) {
    const text = html`<bdi class="said">${budget.takeText(value, maxTextCharacters)}</bdi>`;
    const isImage = imageName.test(value) && mayShowImage(value, budget.imageHosts);
    return isImage ? html`${text}${imageTag(value, "")}` : text;
  }
  const summary = visibleText(beginningOf(value.replaceAll(/\s+/gu, " "), 160));
  return html`<details>
    <summary><bdi>${summary}</bdi></summary>
    <div class="said" dir="auto">${budget.takeText(value, maxTextCharacters)}</div>
  </details>`;
}

function folded(value: unknown, budget: Budget): Html {
  return html`<code class="said">${budget.takeText(JSON.stringify(value), 2_000)}</code>`;
}
