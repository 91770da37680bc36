import { serverAddress } from "@holdpoint/core/driver";
import type { StorePlace } from "@holdpoint/core/driver";

import type { RedisClient } from "./redis-connection.ts";
import { isCluster } from "./redis-connection.ts";
import type { RedisAddress, RedisStoreOptions } from "./redis-options.ts";

/** Where the values are, as a URL without credentials that opens the same place again. */
export function locationOf(options: RedisStoreOptions, prefix: string): string {
  const { client, host, port, nodes, sentinels, database = 0, tls = false } = options;
  if (client !== undefined) return locationOfClient(client, prefix);
  const scheme = tls === false ? "redis" : "rediss";
  if (nodes !== undefined) {
    const [first, ...others] = nodes.map((node) => address(node, 6379));
    return locationUrl(scheme, first, 0, { cluster: "true", nodes: others.join(","), prefix });
  }
  if (sentinels !== undefined) {
    const [first, ...others] = sentinels.addresses.map((sentinel) => address(sentinel, 26_379));
    return locationUrl(scheme, first, database, {
      sentinelMaster: sentinels.master,
      sentinels: others.join(","),
      prefix,
    });
  }
  return locationUrl(scheme, address({ host: host ?? "localhost", port }, 6379), database, { prefix });
}

/** The database of a location, and the prefix there. */
export function placeOf(location: URL): StorePlace {
  return {
    server: serverAddress(location, 6379) + location.pathname,
    path: location.searchParams.get("prefix") ?? "",
  };
}

function locationOfClient(client: RedisClient, prefix: string): string {
  if (isCluster(client)) {
    const { host = "", port } = client.nodes()[0]?.options ?? {};
    return locationUrl("redis", host === "" ? "" : address({ host, port }, 6379), 0, { cluster: "true", prefix });
  }
  const { host = "localhost", port, path, db = 0, tls, sentinels, name } = client.options;
  const scheme = tls === undefined ? "redis" : "rediss";
  // A property with null is how ioredis says that there are no sentinels, whatever its type says.
  const sentinel = sentinels?.[0];
  if (sentinel !== undefined) {
    const { host: sentinelHost = "localhost", port: sentinelPort } = sentinel;
    return locationUrl(scheme, address({ host: sentinelHost, port: sentinelPort }, 26_379), db, {
      sentinelMaster: name ?? "",
      prefix,
    });
  }
  const place = typeof path === "string" ? encodeURIComponent(path) : address({ host, port }, 6379);
  return locationUrl(scheme, place, db, { prefix });
}

function address({ host, port }: RedisAddress, defaultPort: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port ?? defaultPort}`;
}

function locationUrl(
  scheme: string,
  place: string | undefined,
  database: number,
  query: Readonly<Record<string, string>>,
): string {
  // An empty prefix is not the default one.
  const options = Object.entries(query).filter(([name, value]) => value !== "" || name === "prefix");
  // Colons, slashes and commas are allowed in a query, and keep a prefix and addresses readable.
  const text = options.map(
    ([name, value]) => `${name}=${encodeURIComponent(value).replaceAll(/%3A|%2F|%2C/gu, decodeURIComponent)}`,
  );
  return `${scheme}://${place ?? ""}/${database}?${text.join("&")}`;
}
