import type { ServerAddress } from "./begins-with-tls.ts";

/** A server that a driver speaks to without TLS, for {@link openDriver}. */
export interface PlainServer extends ServerAddress {
  /** What to set where the server begins with TLS after all, as an imperative sentence. */
  readonly remedy: string;
}

/**
 * The server of an endpoint that begins with `http:`; `undefined` for any other, which needs no such hint.
 *
 * @example
 * ```ts
 * plainServerOf("http://127.0.0.1:9000", "Set tls=true."); // { host: "127.0.0.1", port: 9000, remedy: "Set tls=true." }
 * ```
 */
export function plainServerOf(endpoint: string | undefined, remedy: string): PlainServer | undefined {
  const url = endpoint === undefined ? null : URL.parse(endpoint);
  if (url?.protocol !== "http:") return undefined;
  const port = url.port === "" ? 80 : Number(url.port);
  return { host: url.hostname.replaceAll(/[[\]]/gu, ""), port, remedy };
}
