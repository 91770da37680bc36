/** What a version of this store says: the revision, and for a large value the body that belongs to it. */
export interface NatsVersion {
  readonly revision: number;
  readonly bodyId: string | undefined;
}

/** Writes the opaque version of a value. */
export function formatVersion({ revision, bodyId }: NatsVersion): string {
  return bodyId === undefined ? String(revision) : `${revision}-${bodyId}`;
}

/**
 * Reads what {@link formatVersion} wrote; `undefined` if it wrote no such thing. Never revision 0, which the server
 * takes for "must be absent" and official clients for "no condition".
 */
export function parseVersion(version: string): NatsVersion | undefined {
  const parts = /^(?<revision>[1-9]\d{0,15})(?:-(?<bodyId>[-0-9a-f]{36}))?$/u.exec(version)?.groups;
  const revision = Number(parts?.["revision"]);
  return Number.isSafeInteger(revision) ? { revision, bodyId: parts?.["bodyId"] } : undefined;
}
