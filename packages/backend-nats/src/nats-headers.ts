/** Recognises a write of this package. */
export const writeIdHeader = "Holdpoint-Write-Id";
/** Says that the entry only points to its value, and which body of the object store that is. */
export const bodyHeader = "Holdpoint-Body";
/** The size of the value that such an entry points to, for listings. */
export const bodySizeHeader = "Holdpoint-Body-Size";

/**
 * Whether a message says that its key was deleted (`KV-Operation`) or has expired (`Nats-Marker-Reason`, which the
 * server writes where a bucket asks for markers).
 *
 * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-43.md
 */
export function isMarker(header: (name: string) => string | undefined): boolean {
  const operation = header("KV-Operation");
  return operation === "DEL" || operation === "PURGE" || header("Nats-Marker-Reason") !== undefined;
}
