/** What a request is about. */
export type RequestTarget =
  | { readonly kind: "health" }
  | { readonly kind: "metrics" }
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "listing"; readonly prefix: string; readonly delimiter: string }
  | { readonly kind: "attributes"; readonly key: string; readonly attribute: string | undefined }
  | { readonly kind: "unknown" };

/**
 * Reads the path and query of a request as Asya's runtime writes them: nothing in them is percent-encoded, so that a
 * `%` in a key is a `%`, and only a `?` cannot be in one.
 */
export function parseTarget(url: string): RequestTarget {
  const cut = url.indexOf("?");
  const path = cut < 0 ? url : url.slice(0, cut);
  const query = cut < 0 ? "" : url.slice(cut + 1);
  if (path === "/healthz") return { kind: "health" };
  if (path === "/metrics") return { kind: "metrics" };
  if (path === "/keys" || path === "/keys/") return { kind: "listing", ...parseListing(query) };
  const key = /^\/(?<family>keys|meta)\/(?<key>.+)$/su.exec(path)?.groups;
  if (key === undefined) return { kind: "unknown" };
  if (key["family"] === "keys") return { kind: "key", key: key["key"] ?? "" };
  const attribute = new URLSearchParams(query).get("attr") ?? undefined;
  return { kind: "attributes", key: key["key"] ?? "", attribute };
}

function parseListing(query: string): { readonly prefix: string; readonly delimiter: string } {
  // The runtime's own form, in which an "&" is a part of the prefix.
  const plain = /^prefix=(?<prefix>.*)&delimiter=\/$/su.exec(query)?.groups;
  if (plain !== undefined) return { prefix: plain["prefix"] ?? "", delimiter: "/" };
  // Any other comes from a client that builds queries by a library, which encodes.
  const parameters = new URLSearchParams(query);
  return { prefix: parameters.get("prefix") ?? "", delimiter: parameters.get("delimiter") ?? "/" };
}
