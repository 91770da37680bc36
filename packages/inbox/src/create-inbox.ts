import { createHmac, hkdfSync, randomBytes } from "node:crypto";

import { createPauseLedger } from "@holdpoint/asya";
import type { AnswerCourier } from "@holdpoint/asya/gateway";
import type { CheckpointStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";

import type { ApiToken } from "./api/api-token.ts";
import type { CourierOptions } from "./couriers/courier-options.ts";
import { assertCourierOptions } from "./couriers/courier-options.ts";
import { Couriers } from "./couriers/couriers.ts";
import { FormTokens } from "./form/form-tokens.ts";
import { inboxApp } from "./inbox-app.ts";
import type { InboxContext } from "./inbox-context.ts";
import type { RequestConnection } from "./frame/frame.ts";
import { InboxError } from "./inbox-error.ts";
import { ItemList } from "./listing/item-list.ts";
import type { LocalLogin } from "./login/local-login.ts";
import type { OpenIdLogin } from "./login/open-id-login.ts";
import type { ProxyLogin } from "./login/proxy-login.ts";
import { Sessions } from "./login/sessions.ts";
import { assertLinkKeys } from "./link/sign-link.ts";
import type { NoticeOptions } from "./notices/notice-options.ts";
import { assertNoticeOptions } from "./notices/notice-options.ts";
import { Teller } from "./notices/teller.ts";
import type { Refusal } from "./refusal.ts";
import { keepLooking } from "./sending/lookout.ts";
import type { AccessRules } from "./rules/access-rules.ts";
import { readImageHosts } from "./show/image-hosts.ts";
import { Access } from "./rules/access.ts";

/** How people log in: what `localLogin`, `openIdLogin` or `proxyLogin` makes. */
export type Authentication = LocalLogin | OpenIdLogin | ProxyLogin;

/** Options of {@link createInbox}. */
export interface InboxOptions {
  /** What is kept here is shown. It stays open when the inbox is closed. */
  readonly store: CheckpointStore;
  /** Where people reach the inbox, such as `https://inbox.example.com/` or `https://tools.example.com/inbox/`. */
  readonly url: string;
  /** Other origins that lead here, such as `http://localhost:4310`. A request by any other name is refused. @default none */
  readonly otherOrigins?: readonly string[] | undefined;
  /** How people log in. */
  readonly authentication: Authentication;
  /** Who sees and answers what. @default everybody who is logged in, everything */
  readonly rules?: AccessRules | undefined;
  /**
   * Whether somebody may approve what they have asked themselves. A login by a printed token tells nobody apart.
   * @default only with `localLogin`
   */
  readonly askersMayApprove?: boolean | undefined;
  /**
   * What signed links are signed with: the first signs, and all are taken, so that keys can be changed. The same for all
   * inboxes. @default none; no link leads here
   */
  readonly linkKeys?: readonly string[] | undefined;
  /**
   * What logins and forms are signed with: at least 32 characters, the same for all inboxes behind one address. Without
   * it people log in again whenever the inbox starts. @default random
   */
  readonly secret?: string | undefined;
  /**
   * The hosts whose images pages may show, such as `images.example.com`, by HTTPS. They see the addresses of those who
   * look, and when. An image of any other host is a link. @default none; pages ask no other host for anything
   */
  readonly imageHosts?: readonly string[] | undefined;
  /** The most bytes that a form may have. @default 8388608 */
  readonly maxBodyBytes?: number | undefined;
  /**
   * The gateway that tasks of the mesh are answered through: what `openGateway` of `@holdpoint/asya/gateway` makes.
   * @default none; tasks are shown, and answered elsewhere
   */
  readonly gateway?: AnswerCourier | undefined;
  /** The programs that may use the API. @default none; there is no API */
  readonly apiTokens?: readonly ApiToken[] | undefined;
  /** Who is told of what waits, is soon over and is decided. @default nobody */
  readonly notices?: NoticeOptions | undefined;
  /** Which programs are called with what was decided. @default none */
  readonly couriers?: CourierOptions | undefined;
  /** Told of everybody who was not let. @default nobody is told */
  readonly onRefusal?: ((refusal: Refusal) => void) | undefined;
  /** Told of what went wrong while a page was made, and of what could not be told or delivered. @default nobody is told */
  readonly onError?: ((error: Error) => void) | undefined;
  /** The clock. @default the system's */
  readonly now?: (() => Date) | undefined;
}

/** The pages where people answer. */
export interface Inbox {
  /**
   * Answers one request. What goes wrong is a page that says so.
   *
   * @param connection what the server knows besides; a login by a proxy needs the address that the request came from,
   * and which headers came twice where groups come in one
   * @throws {TypeError} if the request is none
   */
  handle(request: Request, connection?: RequestConnection): Promise<Response>;
  /** Ends what runs beside the requests. */
  close(): void;
}

const minSecretCharacters = 32;

const optionNames = Object.keys({
  store: true,
  url: true,
  otherOrigins: true,
  authentication: true,
  rules: true,
  askersMayApprove: true,
  linkKeys: true,
  secret: true,
  imageHosts: true,
  maxBodyBytes: true,
  gateway: true,
  apiTokens: true,
  notices: true,
  couriers: true,
  onRefusal: true,
  onError: true,
  now: true,
} satisfies Record<keyof InboxOptions, true>);

/**
 * Makes the pages where people answer what waits in a store: what waits, one question with its form, and what one has
 * answered. It is a handler of web-standard requests, for any server.
 *
 * @throws {InboxError} `invalid-argument`
 * @example
 * ```ts
 * const inbox = createInbox({
 *   store,
 *   url: "http://localhost:4310/",
 *   authentication: localLogin({ person: "ada", print: (token) => console.log(token) }),
 * });
 * const response = await inbox.handle(request);
 * ```
 */
export function createInbox(options: InboxOptions): Inbox {
  assertOptions(options);
  const { store, authentication, secret, maxBodyBytes = 8_388_608, now = () => new Date() } = options;
  const url = readUrl("url", options.url);
  const others = (options.otherOrigins ?? []).map((origin, index) => readUrl(`otherOrigins[${index}]`, origin).origin);
  if (secret !== undefined && secret.length < minSecretCharacters) {
    throw new InboxError(
      "invalid-argument",
      `secret: it has ${secret.length} characters; at least ${minSecretCharacters} are needed.`,
    );
  }
  if (options.linkKeys !== undefined) assertLinkKeys(options.linkKeys);
  const hasRules = options.rules !== undefined;
  const { notices, couriers = { couriers: [] } } = options;
  if (notices !== undefined) assertNoticeOptions(notices, { canSign: options.linkKeys !== undefined, hasRules });
  assertCourierOptions(couriers, hasRules);
  const base = url.pathname.endsWith("/") ? url.pathname : `${url.pathname}/`;
  const keys = secret ?? randomBytes(32);
  const claimKey = keyFor(keys, "claims");
  const holds = createHolds(store, { now });
  const ledger = createPauseLedger(store);
  const ending = new AbortController();
  const access = new Access(options.rules, options.askersMayApprove ?? authentication.kind === "local");
  const report = options.onError ?? (() => undefined);
  const list = new ItemList(holds, ledger, now, ending.signal);
  const { giveUpAfterMs = 259_200_000, lookEveryMs = 10_000, timeoutMs = 10_000 } = couriers;
  const delivering = { store, holds, access, now, report, ending: ending.signal, giveUpAfterMs, timeoutMs };
  const context: InboxContext = {
    store,
    holds,
    ledger,
    list,
    couriers: new Couriers(delivering, couriers.couriers),
    tokens: new FormTokens(keyFor(keys, "forms"), now),
    sessions: new Sessions(keyFor(keys, "sessions"), url.protocol === "https:", now),
    login: authentication,
    access,
    linkKeys: options.linkKeys ?? [],
    gateway: options.gateway,
    apiTokens: options.apiTokens ?? [],
    claimToken: (name) => createHmac("sha256", claimKey).update(name).digest("base64url"),
    ending: ending.signal,
    imageHosts: readImageHosts(options.imageHosts ?? []),
    url: `${url.origin}${base}`,
    base,
    origins: new Set([url.origin, ...others]),
    now,
    refused: options.onRefusal ?? (() => undefined),
    report,
  };
  const app = inboxApp(context, maxBodyBytes);
  const looking = { list, report, ending: ending.signal };
  if (!context.couriers.isEmpty) void keepLooking({ ...looking, lookEveryMs }, context.couriers);
  if (notices !== undefined) {
    const { targets, remindBeforeMs = 3_600_000, timeoutMs: noticeMs = 10_000 } = notices;
    const teller = new Teller({ ...context, remindBeforeMs, timeoutMs: noticeMs }, targets);
    void keepLooking({ ...looking, lookEveryMs: notices.lookEveryMs ?? 10_000 }, teller);
  }
  return {
    handle: async (request, connection = {}) => await app.fetch(request, connection),
    close: () => ending.abort(),
  };
}

/** Also for programs without types: mistyped rules would let everybody see everything. */
function assertOptions(options: InboxOptions): void {
  const unknown = Object.keys(options).find((name) => !optionNames.includes(name));
  if (unknown !== undefined) {
    throw new InboxError("invalid-argument", `There is no option ${unknown}; there are ${optionNames.join(", ")}.`);
  }
  if (options.authentication?.kind === undefined) {
    throw new InboxError(
      "invalid-argument",
      "authentication: expected what localLogin, openIdLogin or proxyLogin makes.",
    );
  }
}

/** Each use has a key of its own, so that nothing signed for one is good for another. */
function keyFor(secret: string | Uint8Array, use: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hkdfSync("sha256", secret, "", `holdpoint inbox: ${use}`, 32));
}

function readUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/u.test(url.protocol) ||
    url.username !== "" ||
    url.search !== "" ||
    url.hash !== ""
  ) {
    throw new InboxError("invalid-argument", `${name}: expected an address such as https://inbox.example.com/.`);
  }
  return url;
}
