import { BlockList, isIP } from "node:net";

import type { RequestConnection } from "../frame/frame.ts";
import { InboxError } from "../inbox-error.ts";
import type { Viewer } from "../viewer.ts";

/** Options of {@link proxyLogin}. */
export interface ProxyLoginOptions {
  /** The addresses that the proxy sends from, such as `10.0.0.7` or `10.0.0.0/24`. Nobody else is believed. */
  readonly peers: readonly string[];
  /** The header in which the proxy says who it is, such as `x-forwarded-user`. It must remove whatever came in it. */
  readonly userHeader: string;
  /** The header in which it says their groups, with commas between them. @default none */
  readonly groupsHeader?: string | undefined;
  /** What vouches for them, for the record, such as `https://proxy.example.com`. */
  readonly issuer: string;
}

/**
 * A login by a reverse proxy that has logged people in, and says in a header who they are.
 *
 * @throws {InboxError} `invalid-argument`
 * @example
 * ```ts
 * const authentication = proxyLogin({
 *   peers: ["10.0.0.7"],
 *   userHeader: "x-forwarded-user",
 *   issuer: "https://proxy.example.com",
 * });
 * ```
 */
export function proxyLogin(options: ProxyLoginOptions): ProxyLogin {
  return new ProxyLogin(options);
}

/** What {@link proxyLogin} makes. */
export class ProxyLogin {
  readonly kind = "proxy";
  readonly #peers = new BlockList();
  readonly #options: ProxyLoginOptions;

  constructor(options: ProxyLoginOptions) {
    this.#options = options;
    if (options.peers.length === 0) throw new InboxError("invalid-argument", "peers: expected at least one address.");
    for (const peer of options.peers) this.#addPeer(peer);
  }

  /** Who the proxy says it is; `undefined` if it was not the proxy, or does not say it once. */
  identify({ headers }: Request, { peer, repeatedHeaders }: RequestConnection): Viewer | undefined {
    const { userHeader, groupsHeader, issuer } = this.#options;
    // The second may be from whoever sent the request; and groups have commas between them anyway.
    const names = [userHeader, ...(groupsHeader === undefined ? [] : [groupsHeader])];
    if (names.some((name) => repeatedHeaders?.has(name.toLowerCase()) === true)) return undefined;
    const address = peer?.replace(/^::ffff:/u, "") ?? "";
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (isIP(address) === 0 || !this.#peers.check(address, family)) return undefined;
    const subject = headers.get(userHeader)?.trim() ?? "";
    // Where nobody tells which headers came twice, such a one is one with a comma.
    if (subject === "" || subject.includes(",")) return undefined;
    const groups = groupsHeader === undefined ? [] : (headers.get(groupsHeader) ?? "").split(",");
    return { person: { issuer, subject }, groups: groups.map((group) => group.trim()).filter((group) => group !== "") };
  }

  #addPeer(peer: string): void {
    const [address = "", prefix] = peer.split("/");
    const version = isIP(address);
    const bits = prefix === undefined ? undefined : Number(prefix);
    if (
      version === 0 ||
      (bits !== undefined && !(Number.isInteger(bits) && bits >= 0 && bits <= (version === 6 ? 128 : 32)))
    ) {
      throw new InboxError(
        "invalid-argument",
        `peers: ${JSON.stringify(peer)} is no address, such as 10.0.0.7 or 10.0.0.0/24.`,
      );
    }
    const family = version === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) this.#peers.addAddress(address, family);
    else this.#peers.addSubnet(address, bits, family);
  }
}
