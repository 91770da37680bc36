import { serverAddress } from "@holdpoint/core/driver";
import type { StorePlace } from "@holdpoint/core/driver";

/** Where the values are, as a URL without credentials that opens the same place again. */
export function locationOf(servers: readonly string[], bucket: string, prefix: string): string {
  const [first, ...others] = servers;
  const query = new URLSearchParams({
    ...(prefix === "" ? {} : { prefix }),
    ...(others.length === 0 ? {} : { servers: others.join(",") }),
  });
  return `nats://${first ?? ""}/${bucket}${query.size === 0 ? "" : `?${query.toString()}`}`;
}

/** The bucket of a location, and the prefix there. */
export function placeOf(location: URL): StorePlace {
  return {
    server: serverAddress(location, 4222) + location.pathname,
    path: location.searchParams.get("prefix") ?? "",
  };
}
