/**
 * What a proxy does to one request, or to the connection that the request came on.
 *
 * - `delay`: passes the request on later
 * - `cut-before-request`: resets the connection; the server never hears of the request
 * - `cut-within-request`: passes on all but the last byte of what has come of the request, and resets both connections
 * - `cut-after-commit`: passes the request on, waits until the server begins to answer, and resets the connection, so
 *   that the server has done what it was asked and the client does not know
 * - `cut-within-answer`: the same, after half of what came first of the answer
 * - `half-open`: passes the request on, and no answer any more; the connection stays open
 * - `blackhole`: takes what comes on this connection, passes nothing on and never answers
 * - `answer:…`: one of the server's own passing errors (see {@link FaultProtocol.errors}) instead of what was asked for
 */
export type RequestFault =
  | "delay"
  | "cut-before-request"
  | "cut-within-request"
  | "cut-after-commit"
  | "cut-within-answer"
  | "half-open"
  | "blackhole"
  | `answer:${string}`;

/**
 * What a proxy does until it is told to stop: a {@link RequestFault} to every request, or one of these to everything.
 *
 * - `throttle`: lets bytes through slowly
 * - `refuse`: resets all connections and listens no more
 */
export type Fault = RequestFault | "throttle" | "refuse";

/** Options of a fault. */
export interface FaultOptions {
  /** How long `delay` holds what it delays, in milliseconds. @default 200 */
  readonly delayMs?: number | undefined;
  /** What `throttle` lets through in each direction of a connection. @default 262144 */
  readonly bytesPerSecond?: number | undefined;
  /**
   * Called when the fault is about to happen, and waited for: what others do at that moment. For `cut-after-commit`,
   * `cut-within-answer` and `half-open` that is when the server has done what it was asked.
   *
   * @default nothing
   */
  readonly meanwhile?: (() => unknown) | undefined;
}

/** A fault together with its options, as {@link FaultProxy.choose} may give it. */
export interface PlannedFault extends FaultOptions {
  readonly fault: RequestFault;
}
