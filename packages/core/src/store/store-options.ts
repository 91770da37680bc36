/** Options that every backend's store takes. */
export interface StoreOptions {
  /** Deadline of one operation, retries included, in milliseconds. @default 30000 */
  readonly timeoutMs?: number | undefined;
  /** Deadline of one attempt within an operation, in milliseconds. @default 10000 */
  readonly attemptTimeoutMs?: number | undefined;
  /** How often an operation is tried at most. @default 5 */
  readonly maxAttempts?: number | undefined;
  /**
   * `"read"` for who only looks: nothing is created, neither a bucket nor a table nor a lock, no server is tried out by a
   * write, and `put` and `delete` are refused as `unsupported`. Works with credentials and on mounts that allow no more.
   *
   * @default "write"
   */
  readonly access?: "read" | "write" | undefined;
}

/** What `attemptTimeoutMs` is unless an option says otherwise, for drivers that bound something of their own by it. */
export const defaultAttemptTimeoutMs = 10_000;
