import { isJsonObject } from "@holdpoint/core/json";
import * as v from "valibot";

import { apiScopes } from "../api/api-token.ts";
import { InboxError } from "../inbox-error.ts";
import { openIdLogin } from "../login/open-id-login.ts";
import { proxyLogin } from "../login/proxy-login.ts";
import type { ServeInboxOptions } from "../serve-inbox.ts";
import { couriersSchema, readCouriers } from "./read-couriers.ts";
import { personSchema } from "./person-schema.ts";
import { noticesSchema, readNotices } from "./read-notices.ts";
import { text } from "./target-schema.ts";

/** What a file and the environment say of an inbox. Without a way to log in, whoever serves it chooses one. */
export type InboxConfig = Pick<
  ServeInboxOptions,
  | "url"
  | "otherOrigins"
  | "host"
  | "port"
  | "secret"
  | "rules"
  | "askersMayApprove"
  | "imageHosts"
  | "linkKeys"
  | "apiTokens"
  | "notices"
  | "couriers"
> &
  Partial<Pick<ServeInboxOptions, "authentication">> & {
    /** The address of the gateway that tasks of the mesh are answered through, for `openGateway`. */
    readonly via?: string | undefined;
  };

const groups = v.optional(v.array(text, "expected a list of groups"));
const configSchema = v.strictObject({
  url: v.optional(text),
  otherOrigins: v.optional(v.array(text, "expected a list of origins")),
  host: v.optional(text),
  port: v.optional(v.pipe(v.number("expected a port"), v.integer(), v.minValue(0), v.maxValue(65_535))),
  openid: v.optional(
    v.strictObject({ issuer: text, clientId: text, scope: v.optional(text), groupsClaim: v.optional(text) }),
  ),
  proxy: v.optional(
    v.strictObject({
      peers: v.array(text, "expected a list of addresses"),
      userHeader: text,
      groupsHeader: v.optional(text),
      issuer: text,
    }),
  ),
  rules: v.optional(
    v.strictObject({
      administrators: v.array(text, "expected a list of groups"),
      labels: v.record(
        v.pipe(text, v.regex(/^[^=]+=/u, "expected a label, such as team=billing or team=*")),
        v.strictObject({ see: groups, answer: groups }),
      ),
    }),
  ),
  notices: v.optional(noticesSchema),
  couriers: v.optional(couriersSchema),
  via: v.optional(text),
  imageHosts: v.optional(v.array(text, "expected a list of hosts")),
  askersMayApprove: v.optional(v.boolean("expected true or false")),
  apiTokens: v.optional(
    v.array(
      v.strictObject({
        digest: v.pipe(text, v.regex(/^sha256:[\da-f]{64}$/u, "expected sha256: and 64 hexadecimal digits")),
        person: personSchema,
        scopes: v.array(v.picklist(apiScopes, `expected one of ${apiScopes.join(", ")}`)),
        groups,
        labels: v.optional(v.array(text, "expected a list of labels")),
      }),
    ),
  ),
});

/**
 * Reads how an inbox is to be served from what a file holds, and its secrets from the environment:
 * `HOLDPOINT_INBOX_CLIENT_SECRET`, `HOLDPOINT_INBOX_SECRET`, `HOLDPOINT_INBOX_LINK_KEYS` with spaces between them,
 * `HOLDPOINT_INBOX_SMTP`, and what targets of notices and couriers name.
 *
 * @throws {InboxError} `invalid-argument`
 * @example
 * ```ts
 * const config = readInboxConfig(JSON.parse(await readFile("inbox.json", "utf8")), process.env);
 * ```
 */
export function readInboxConfig(
  value: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): InboxConfig {
  if (!isJsonObject(value)) throw new InboxError("invalid-argument", "The configuration: expected an object.");
  const result = v.safeParse(configSchema, value);
  if (!result.success) {
    const [issue] = result.issues;
    throw new InboxError("invalid-argument", `${v.getDotPath(issue) ?? "The configuration"}: ${problemOf(issue)}.`);
  }
  const { openid, proxy, notices, couriers, ...rest } = result.output;
  if (openid !== undefined && proxy !== undefined) {
    throw new InboxError("invalid-argument", "openid and proxy are both given; people log in by one of them.");
  }
  const clientSecret = setting(environment, "HOLDPOINT_INBOX_CLIENT_SECRET");
  const linkKeys = setting(environment, "HOLDPOINT_INBOX_LINK_KEYS")?.split(/\s+/u);
  return {
    ...rest,
    ...(notices === undefined ? {} : { notices: readNotices(notices, (name) => setting(environment, name)) }),
    ...(couriers === undefined ? {} : { couriers: readCouriers(couriers, (name) => setting(environment, name)) }),
    secret: setting(environment, "HOLDPOINT_INBOX_SECRET"),
    ...(linkKeys === undefined ? {} : { linkKeys }),
    ...(openid === undefined ? {} : { authentication: openIdLogin({ ...openid, clientSecret }) }),
    ...(proxy === undefined ? {} : { authentication: proxyLogin(proxy) }),
  };
}

function problemOf({ type, expected, received, message }: v.BaseIssue<unknown>): string {
  if (type !== "strict_object") return message;
  if (expected === "never") return "there is no such setting";
  return received === "undefined" ? "it is needed" : "expected an object";
}

/** What is set to nothing is not set. */
function setting(environment: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  const value = environment[name]?.trim() ?? "";
  return value === "" ? undefined : value;
}
