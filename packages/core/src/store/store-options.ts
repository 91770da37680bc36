/** Options that every backend's store takes. */
export interface StoreOptions {
  /** Deadline of one operation, retries included, in milliseconds. @default 30000 */
  readonly timeoutMs?: number | undefined;
  /** Deadline of one attempt within an operation, in milliseconds. @default 10000 */
  readonly attemptTimeoutMs?: number | undefined;
  /** How often an operation is tried at most. @default 5 */
  readonly maxAttempts?: number | undefined;
}

/** What `attemptTimeoutMs` is unless an option says otherwise, for drivers that bound something of their own by it. */
export const defaultAttemptTimeoutMs = 10_000;
