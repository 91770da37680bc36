import { tracingChannel } from "node:diagnostics_channel";

/** What is published about each operation of a store; it never holds a body or a credential. */
export interface OperationTrace {
  readonly backend: string;
  readonly operation: "get" | "put" | "delete" | "list" | "check" | "inspect";
  readonly key?: string | undefined;
  /** How many requests the operation has begun, reads that settle a write included. */
  attempts: number;
}

/**
 * Every store operation is traced on this channel of `node:diagnostics_channel`, for metrics and spans.
 *
 * @example
 * ```ts
 * storeTracing.subscribe({ asyncEnd: (trace) => console.log(trace.operation, trace.key, trace.attempts) });
 * ```
 * @see https://nodejs.org/api/diagnostics_channel.html#class-tracingchannel
 */
export const storeTracing = tracingChannel<OperationTrace>("holdpoint:store");
