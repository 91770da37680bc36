import type { UrlOptionReader } from "./url-options.ts";
import { choiceOption } from "./url-options.ts";

/**
 * What comes between a prefix and the keys under it.
 *
 * - `holdpoint`: as each backend's README says
 * - `state-proxy`: as the connectors of a state proxy write them, whatever the prefix ends with: `{prefix}/{key}` on
 *   object stores, `{prefix}:{key}` on Redis, and the bare key where there is no prefix
 */
export type PrefixRules = "holdpoint" | "state-proxy";

/** The URL option `prefixRules`. */
export const prefixRulesOption: UrlOptionReader<PrefixRules> = choiceOption("holdpoint", "state-proxy");

/**
 * What every key of a state proxy's connector begins with.
 *
 * @example
 * ```ts
 * stateProxyPrefix("crew", ":"); // "crew:"
 * stateProxyPrefix("team/", "/"); // "team//"
 * stateProxyPrefix(undefined, "/"); // ""
 * ```
 */
export function stateProxyPrefix(prefix: string | undefined, separator: "/" | ":"): string {
  return prefix === undefined || prefix === "" ? "" : `${prefix}${separator}`;
}
