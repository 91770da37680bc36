import { lookup } from "node:dns";
import type { LookupFunction } from "node:net";

import ipaddr from "ipaddr.js";

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** What `lookup` fails with where a name leads to none but private addresses that are not listed. */
export const privateAddressCode = "EPRIVATE";

const thisMachine = ["127.0.0.0/8", "::1/128"];

/**
 * The addresses that a host of the configuration may turn out to have. Names are resolved by others, who could make one
 * lead into the network that the inbox is in. So a name is resolved once for each connection, and the connection goes to
 * an address that was looked at.
 */
export class ReachableAddresses {
  readonly #literal: string | undefined;
  readonly #listed: readonly Range[];
  readonly #isPublicAllowed: boolean;

  /**
   * @param host of a URL; one that is a private address, or `localhost`, is listed by being written there
   * @param privateAddresses such as `10.1.2.3` or `10.0.0.0/8`
   * @param isPublicAllowed whether addresses that are not private may be reached
   * @throws {RangeError} with what is no address
   */
  constructor(host: string, privateAddresses: readonly string[], isPublicAllowed: boolean) {
    this.#literal = literalOf(host);
    const own = host === "localhost" ? thisMachine : this.#literal === undefined ? [] : [this.#literal];
    this.#listed = [...own, ...privateAddresses].map((text) => readRange(text));
    this.#isPublicAllowed = isPublicAllowed;
  }

  /** Whether there is any address that the host may turn out to have. */
  get isAny(): boolean {
    // One that is no name is never resolved, so it is looked at here alone.
    if (this.#literal !== undefined) return this.isReachable(this.#literal);
    return this.#isPublicAllowed || this.#listed.length > 0;
  }

  /** Resolves a name for a connection, to what may be reached of it. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, "");
        return;
      }
      const reachable = found.filter(({ address }) => this.isReachable(address));
      const [first] = reachable;
      if (first === undefined) callback(Object.assign(new Error("private"), { code: privateAddressCode }), "");
      else if (options.all === true) callback(null, reachable);
      else callback(null, first.address, first.family);
    });
  };

  isReachable(text: string): boolean {
    // An IPv4 address that is written as one of IPv6 is the same address.
    const address = ipaddr.process(text);
    if (address.range() === "unicast") return this.#isPublicAllowed;
    return this.#listed.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
  }
}

/** The address that a URL's host is, where it is no name. */
function literalOf(host: string): string | undefined {
  const text = host.replace(/^\[(.*)\]$/u, "$1");
  return ipaddr.isValid(text) ? text : undefined;
}

function readRange(text: string): Range {
  const [address = "", bits, ...rest] = text.split("/");
  if (!ipaddr.isValid(address) || rest.length > 0) throw new RangeError(text);
  const parsed = ipaddr.process(address);
  const all = parsed.kind() === "ipv4" ? 32 : 128;
  const length = bits === undefined ? all : /^\d{1,3}$/u.test(bits) ? Number(bits) : Number.NaN;
  if (!(length <= all)) throw new RangeError(text);
  return [parsed, length];
}
