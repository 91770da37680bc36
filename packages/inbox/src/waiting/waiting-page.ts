import { layout } from "../frame/layout.ts";
import type { InboxContext } from "../inbox-context.ts";
import type { KnownItems } from "../listing/item-list.ts";
import type { ListedItem } from "../listing/listed-item.ts";
import type { Html } from "../show/html.ts";
import { html, nothing } from "../show/html.ts";
import { visibleText } from "../show/visible-text.ts";
import type { Viewer } from "../viewer.ts";
import { itemRow, waitingFacts } from "./item-row.ts";
import type { WaitingFilter } from "./waiting-filter.ts";
import { ageChoices, applyFilter, labelsOf, stateChoices } from "./waiting-filter.ts";

const pageLength = 50;
/** So many nobody finds theirs among by looking. */
const manyItems = 20;
/** More labels than that are found by searching. */
const maxLabels = 200;

/** From here on the age of a list is said. */
const oldMs = 15_000;

const figures = new Intl.NumberFormat("en");

/**
 * The page *Waiting*: what somebody has to answer, oldest first.
 *
 * @param undelivered those items whose delivery has failed, where the filter asks for them
 */
export function waitingPage(
  context: InboxContext,
  viewer: Viewer,
  known: KnownItems,
  filter: WaitingFilter,
  undelivered: readonly ListedItem[],
): Html {
  const now = context.now();
  const { items, isComplete } = known;
  const notice = listNotice(known);
  const found = applyFilter(filter.state === "not-delivered" ? undelivered : items, filter, now);
  const pages = Math.max(1, Math.ceil(found.length / pageLength));
  const page = Math.min(filter.page, pages);
  const shown = found.slice((page - 1) * pageLength, page * pageLength);
  const isNarrowed = filter.text !== "" || filter.label !== "" || filter.olderThanMs > 0 || filter.state !== "waiting";
  const heading = filter.state === "waiting" ? "Waiting" : stateChoices[filter.state].label;
  const refreshSeconds = isComplete ? undefined : 2;
  return layout(
    context,
    { title: heading, viewer, current: "waiting", refreshSeconds, isLive: true },
    html`<div class="heading">
        <h1 data-live="heading">
          ${heading} ${found.length === 0 ? nothing : html`<span class="count">${figures.format(found.length)}</span>`}
        </h1>
      </div>
      ${notice === undefined ? nothing : html`<p class="notice" role="status">${notice}</p>`}
      ${
        items.length === 0
          ? nothing
          : html`<details class="narrow" ${isNarrowed || found.length > manyItems ? "open" : nothing}>
              <summary>Search and filter</summary>
              ${filterForm(context, items, filter, isNarrowed && found.length > 0)}
            </details>`
      }
      <div data-live="list" data-events="${context.base}events">
        ${
          shown.length === 0
            ? emptyList(context, items.length, isNarrowed)
            : html`<ul class="items">
                ${shown.map((item) => itemRow(context, item, waitingFacts(item, now)))}
              </ul>`
        }
        ${pages === 1 ? nothing : pager(context, filter, page, pages)}
      </div>`,
  );
}

/** Why the list may not be all, or not as it is now. */
function listNotice({ items, isComplete, isCut, ageMs }: KnownItems): string | undefined {
  if (!isComplete) return `The store is still being read: ${figures.format(items.length)} so far.`;
  if (isCut) return "The store has more than can be listed here. What is not listed is found by its own address.";
  if (ageMs < oldMs) return undefined;
  return `The store is large, and this list is ${figures.format(Math.round(ageMs / 1_000))} seconds old.`;
}

function emptyList({ base }: InboxContext, all: number, isNarrowed: boolean): Html {
  if (isNarrowed && all > 0) {
    return html`<p class="empty">Nothing matches. <a href="${base}">Show all that waits</a></p>`;
  }
  return html`<p class="empty">Nothing waits for an answer.</p>`;
}

function filterForm(
  context: InboxContext,
  items: readonly ListedItem[],
  filter: WaitingFilter,
  linksToAll: boolean,
): Html {
  const labels = [...new Set(items.flatMap((item) => labelsOf(item)))].toSorted().slice(0, maxLabels);
  const known = filter.label === "" || labels.includes(filter.label) ? labels : [filter.label, ...labels];
  return html`<form class="filter" role="search" action="${context.base}">
    <label class="search"
      ><span class="hidden">Search</span
      ><input type="search" name="text" value="${filter.text}" placeholder="Search" autocomplete="off"
    /></label>
    <label
      ><span class="hidden">State</span
      ><select name="state">
        ${Object.entries(stateChoices)
          .filter(([value]) => value !== "not-delivered" || !context.couriers.isEmpty)
          .map(([value, { label }]) => option(value, label, value === filter.state))}
      </select></label
    >
    <label
      ><span class="hidden">Age</span
      ><select name="age">
        ${ageChoices.map(({ label, olderThanMs }) => option(olderThanMs, label, olderThanMs === filter.olderThanMs))}
      </select></label
    >
    ${
      known.length === 0
        ? nothing
        : html`<label
            ><span class="hidden">Label</span
            ><select name="label">
              ${option("", "Any label", filter.label === "")}
              ${known.map((label) => option(label, label, label === filter.label))}
            </select></label
          >`
    }
    <button>Filter</button>
    ${linksToAll ? html`<a href="${context.base}">Show all that waits</a>` : nothing}
  </form>`;
}

function option(value: string | number, label: string, isChosen: boolean): Html {
  return html`<option value="${value}" ${isChosen ? "selected" : nothing}>${visibleText(label)}</option>`;
}

function pager({ base }: InboxContext, filter: WaitingFilter, page: number, pages: number): Html {
  const link = (to: number, text: string, rel: string): Html => {
    const { text: search, state, olderThanMs, label } = filter;
    const query = new URLSearchParams({ text: search, state, age: String(olderThanMs), label, page: String(to) });
    return html`<a rel="${rel}" href="${base}?${query.toString()}">${text}</a>`;
  };
  return html`<nav class="pager" aria-label="Pages of this list">
    ${page > 1 ? link(page - 1, "Earlier", "prev") : html`<span></span>`}
    <span>Page ${figures.format(page)} of ${figures.format(pages)}</span>
    ${page < pages ? link(page + 1, "Later", "next") : html`<span></span>`}
  </nav>`;
}
