import type { ListedItem, ListedState } from "../listing/listed-item.ts";
import { byAge } from "../listing/listed-item.ts";

/** What a list is narrowed to, as its address says it. */
export interface WaitingFilter {
  readonly text: string;
  readonly state: StateChoice;
  /** Only what is at least so old, in milliseconds. */
  readonly olderThanMs: number;
  /** `name=value`; empty for all. */
  readonly label: string;
  /** From 1. */
  readonly page: number;
}

/** The states that a list can be narrowed to. */
export const stateChoices = {
  waiting: { label: "Waiting", states: ["waiting"] },
  open: { label: "Not ended", states: ["waiting", "answered", "acting", "in-doubt"] },
  "in-doubt": { label: "In doubt", states: ["in-doubt"] },
  // What has ended may be among it, and what was only answered.
  "not-delivered": { label: "Not delivered", states: undefined },
  ended: { label: "Ended", states: ["done", "rejected", "canceled", "expired"] },
  corrupt: { label: "Unreadable", states: ["corrupt"] },
  any: { label: "Any state", states: undefined },
} as const satisfies Readonly<
  Record<string, { readonly label: string; readonly states: readonly ListedState[] | undefined }>
>;

/** One of {@link stateChoices}. */
type StateChoice = keyof typeof stateChoices;

/** The ages that a list can be narrowed to, in milliseconds. */
export const ageChoices: readonly { readonly label: string; readonly olderThanMs: number }[] = [
  { label: "Any age", olderThanMs: 0 },
  { label: "Over an hour", olderThanMs: 3_600_000 },
  { label: "Over a day", olderThanMs: 86_400_000 },
  { label: "Over a week", olderThanMs: 604_800_000 },
];

/** What an address asks for; whatever it says that is none of it counts as nothing. */
export function readFilter(query: URLSearchParams): WaitingFilter {
  const state = query.get("state") ?? "";
  const age = Number(query.get("age"));
  const page = Number(query.get("page"));
  return {
    text: query.get("text") ?? "",
    state: Object.hasOwn(stateChoices, state) ? (state as StateChoice) : "waiting",
    olderThanMs: ageChoices.some(({ olderThanMs }) => olderThanMs === age) ? age : 0,
    label: query.get("label") ?? "",
    page: Number.isSafeInteger(page) && page >= 1 ? page : 1,
  };
}

/** The items that pass, oldest first. */
export function applyFilter(items: readonly ListedItem[], filter: WaitingFilter, now: Date): readonly ListedItem[] {
  const states: readonly ListedState[] | undefined = stateChoices[filter.state].states;
  const before = now.getTime() - filter.olderThanMs;
  const words = filter.text.toLowerCase().split(/\s+/u).filter(Boolean);
  const passes = (item: ListedItem): boolean =>
    (states === undefined || states.includes(item.state)) &&
    (filter.olderThanMs === 0 || (item.openedAt?.getTime() ?? 0) <= before) &&
    (filter.label === "" || labelsOf(item).includes(filter.label)) &&
    (words.length === 0 || hasWords(item, words));
  return items.filter(passes).toSorted(byAge);
}

/** An item's labels, as a filter names them. */
export function labelsOf({ labels }: ListedItem): readonly string[] {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`);
}

function hasWords(item: ListedItem, words: readonly string[]): boolean {
  const asker = typeof item.askedBy === "object" ? item.askedBy.subject : (item.askedBy ?? "");
  const text = `${item.id} ${item.question ?? ""} ${asker} ${labelsOf(item).join(" ")}`.toLowerCase();
  return words.every((word) => text.includes(word));
}
