import { folderPath } from "@holdpoint/core/driver";
import type { StorePlace } from "@holdpoint/core/driver";

import type { GcsStoreOptions } from "./gcs-options.ts";

/** A URL that opens the same place again. */
export function locationOf(
  { bucket, prefixRules }: GcsStoreOptions,
  prefix: string,
  endpoint: string | undefined,
): string {
  // With a state proxy's rules the slash at the end is theirs.
  const path = prefixRules === "state-proxy" ? prefix.slice(0, -1) : prefix;
  const query = Object.entries({ endpoint, prefixRules }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  const address = `gs://${bucket}/${path.split("/").map(encodeURIComponent).join("/")}`;
  return query.length === 0 ? address : `${address}?${query.join("&")}`;
}

/** The bucket and the prefix of a location. */
export function placeOf({ hostname, pathname, searchParams }: URL): StorePlace {
  return {
    server: `Cloud Storage ${searchParams.get("endpoint") ?? ""}`,
    path: folderPath(hostname + pathname, searchParams.get("prefixRules")),
  };
}
