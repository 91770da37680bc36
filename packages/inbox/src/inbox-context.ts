import type { PauseLedger } from "@holdpoint/asya";
import type { AnswerCourier } from "@holdpoint/asya/gateway";
import type { CheckpointStore } from "@holdpoint/core";
import type { Holds } from "@holdpoint/core/holds";

import type { ApiToken } from "./api/api-token.ts";
import type { Couriers } from "./couriers/couriers.ts";
import type { FormTokens } from "./form/form-tokens.ts";
import type { ItemList } from "./listing/item-list.ts";
import type { LocalLogin } from "./login/local-login.ts";
import type { OpenIdLogin } from "./login/open-id-login.ts";
import type { ProxyLogin } from "./login/proxy-login.ts";
import type { Sessions } from "./login/sessions.ts";
import type { Refusal } from "./refusal.ts";
import type { Access } from "./rules/access.ts";
import type { ImageHosts } from "./show/image-hosts.ts";
import type { Viewer } from "./viewer.ts";

/** What the pages work with. */
export interface InboxContext {
  readonly store: CheckpointStore;
  readonly holds: Holds;
  readonly ledger: PauseLedger;
  readonly list: ItemList;
  readonly tokens: FormTokens;
  readonly sessions: Sessions;
  readonly login: LocalLogin | OpenIdLogin | ProxyLogin;
  readonly access: Access;
  /** What hands what was decided of holds on. */
  readonly couriers: Couriers;
  /** What hands answers to tasks of the mesh on. */
  readonly gateway: AnswerCourier | undefined;
  readonly apiTokens: readonly ApiToken[];
  /** A token for a claim that a request names by a key: the same each time, and nobody else's. */
  readonly claimToken: (name: string) => string;
  /** Aborts when the inbox is closed. */
  readonly ending: AbortSignal;
  /** What links are signed with; none lead here where there are no keys. */
  readonly linkKeys: readonly string[];
  /** The hosts whose images pages may show. */
  readonly imageHosts: ImageHosts;
  /** Where people reach it, with a `/` at its end. */
  readonly url: string;
  /** The path of that address. */
  readonly base: string;
  /** The origins of the pages, such as `https://inbox.example.com`. */
  readonly origins: ReadonlySet<string>;
  readonly now: () => Date;
  /** Told of everybody who was not let. */
  readonly refused: (refusal: Refusal) => void;
  /** Told of what went wrong while a page was made, and of targets that could not be told. */
  readonly report: (error: Error) => void;
}

/** The page of a hold or a task. An id may be any text, which a path could not hold. */
export function itemPath({ base }: Pick<InboxContext, "base">, kind: ItemPage, id: string, viewer?: Viewer): string {
  // Whoever came by a link has no other login.
  if (viewer?.link !== undefined) {
    return `${base}${kind === "content" ? "link/content" : "link"}?${new URLSearchParams({ token: viewer.link.token }).toString()}`;
  }
  return `${base}${kind}?${new URLSearchParams({ id }).toString()}`;
}

/** What there is at an address for one hold or task. */
type ItemPage = "hold" | "task" | "settle" | "deliver" | "content";
