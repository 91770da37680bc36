import type { GatewayApi } from "./gateway-courier.ts";
import { GatewayError } from "./gateway-error.ts";

/** Where a gateway's API is; `api` is `undefined` where the address does not tell which it has. */
export interface GatewayAddress {
  readonly api: GatewayApi | undefined;
  /** Ends with a slash. */
  readonly url: URL;
}

const forms =
  "expected http(s)://host:port/a2a/ for a gateway that speaks A2A, http(s)://host:port/api/v1/mesh/ for one of the newest generation, or http(s)://host:port to have it found out";

/**
 * Reads a gateway's address.
 *
 * @throws {GatewayError} `invalid-address`; the message repeats nothing that may be a credential
 */
export function readGatewayAddress(text: string): GatewayAddress {
  const url = URL.parse(text);
  if (url === null) throw invalid(`it is no URL; ${forms}`);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw invalid(`its scheme is not http or https; ${forms}`);
  if (url.username !== "" || url.password !== "" || text.includes("@")) {
    throw invalid(
      "it may not contain a user or a password; give a key as HOLDPOINT_GATEWAY_KEY, or a bearer token as HOLDPOINT_GATEWAY_TOKEN",
    );
  }
  if (url.search !== "" || url.hash !== "") throw invalid(`it may have no query and no fragment; ${forms}`);
  const path = url.pathname.replace(/\/+$/u, "");
  if (path.endsWith("/tools/call")) {
    throw invalid(
      "/tools/call only starts tasks, and has no way to say which task an answer is for; give the address of /a2a/, or answer without the gateway",
    );
  }
  if (path.endsWith("/a2a")) return { api: "a2a", url: at(url, `${path}/`) };
  if (path.endsWith("/mesh")) return { api: "mesh", url: at(url, `${path}/`) };
  if (/\/api\/v\d+$/u.test(path)) return { api: "mesh", url: at(url, `${path}/mesh/`) };
  return { api: undefined, url: at(url, `${path}/`) };
}

function invalid(problem: string): GatewayError {
  return new GatewayError("invalid-address", `The gateway's address cannot be used: ${problem}. Nothing was sent.`);
}

/** The address of one API under a gateway's root. */
export function addressOfApi(root: URL, api: GatewayApi): URL {
  return new URL(api === "a2a" ? "a2a/" : "api/v1/mesh/", root);
}

function at(url: URL, path: string): URL {
  const moved = new URL(url);
  moved.pathname = path;
  return moved;
}
