import type { PauseLedger } from "@holdpoint/asya";
import type { Holds } from "@holdpoint/core/holds";

import type { FormTokens } from "./form/form-tokens.ts";
import type { ItemList } from "./listing/item-list.ts";
import type { LocalLogin } from "./login/local-login.ts";
import type { Sessions } from "./login/sessions.ts";

/** What the pages work with. */
export interface InboxContext {
  readonly holds: Holds;
  readonly ledger: PauseLedger;
  readonly list: ItemList;
  readonly tokens: FormTokens;
  readonly sessions: Sessions;
  readonly login: LocalLogin;
  /** Where people reach it: a path that ends with `/`. */
  readonly base: string;
  /** The origins of the pages, such as `https://inbox.example.com`. */
  readonly origins: ReadonlySet<string>;
  readonly now: () => Date;
  /** Told of what went wrong while a page was made. */
  readonly report: (error: Error) => void;
}

/** The page of a hold or a task. An id may be any text, which a path could not hold. */
export function itemPath(context: Pick<InboxContext, "base">, kind: "hold" | "task", id: string): string {
  return `${context.base}${kind}?${new URLSearchParams({ id }).toString()}`;
}
