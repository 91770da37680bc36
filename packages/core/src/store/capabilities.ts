/**
 * What a store can do beyond what every store must do. Asking for anything that is not declared here is refused with
 * code `unsupported` before any request is sent.
 */
export interface Capabilities {
  /** `delete` takes `ifVersion`. */
  readonly conditionalDelete: boolean;
  /** `put` takes `ttlMs`. */
  readonly ttl: boolean;
  /**
   * Every write makes a version that no other write of that key ever has. Where it is `false`, the version is a digest
   * of the bytes, and a value that was changed and changed back has its old version again.
   */
  readonly uniqueVersions: boolean;
  /** `list` takes `versions`. @default false */
  readonly listsVersions?: boolean | undefined;
  /**
   * A plain `get` may show a write that is less safe than one that was acknowledged, so that `durable` has something to
   * wait for. @default false
   */
  readonly showsUnacknowledged?: boolean | undefined;
  /** The largest body that is accepted, in bytes. */
  readonly maxBodyBytes: number;
}

/** The largest body that stores accept unless they declare another limit: 64 MiB. */
export const defaultMaxBodyBytes: number = 64 * 1024 * 1024;
