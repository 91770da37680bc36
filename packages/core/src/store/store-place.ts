/**
 * Where the values of a store lie. Two stores are one where both say the same, and one lies inside the other where its
 * path begins with the other's.
 *
 * @example
 * ```ts
 * const place: StorePlace = { server: "127.0.0.1:6379/0", path: "team-a:" };
 * ```
 */
export interface StorePlace {
  /** The server, and which of its databases or the like. */
  readonly server: string;
  /** What the name of every value begins with there. */
  readonly path: string;
}

/**
 * The server of a URL, under one name however its host is spelled.
 *
 * @example
 * ```ts
 * serverAddress(new URL("redis://localhost/0"), 6379); // "127.0.0.1:6379"
 * ```
 */
export function serverAddress({ hostname, port }: URL, defaultPort: number): string {
  const host = /^(?:localhost|\[::1\])$/u.test(hostname) ? "127.0.0.1" : hostname;
  return `${host}:${port || defaultPort}`;
}

/**
 * A directory, or a bucket with a prefix, as the names of all that is in it begin: with a slash after it. Under a state
 * proxy's rules that slash comes on top of one that the prefix ends with.
 *
 * @example
 * ```ts
 * folderPath("bucket/team-a"); // "bucket/team-a/"
 * folderPath("bucket/team-a/", "state-proxy"); // "bucket/team-a//"
 * ```
 */
export function folderPath(path: string, prefixRules?: string | null): string {
  const hasPrefix = /\/./u.test(path);
  return path.endsWith("/") && !(hasPrefix && prefixRules === "state-proxy") ? path : `${path}/`;
}
