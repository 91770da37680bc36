import type { Envelope } from "@holdpoint/asya";
import type { JsonObject } from "@holdpoint/core";

/** The statuses that a gateway keeps. */
export type GatewayStatus = "pending" | "running" | "paused" | "succeeded" | "failed" | "canceled";

/** What a gateway shows of one id. */
export interface GatewayRecord {
  readonly id: string;
  readonly status: GatewayStatus;
  /** What was asked when it was reported as paused. */
  readonly pauseMetadata?: JsonObject | undefined;
  /** The payload that it ended with. */
  readonly result?: unknown;
  readonly error?: string | undefined;
  /** When the gateway gives it up; absent while a generation that stops its clock for paused tasks has it paused. */
  readonly deadlineAt?: Date | undefined;
  /** Its headers, from which an answer takes the A2A ids. */
  readonly headers: NonNullable<Envelope["headers"]>;
}

/** Whether nothing can follow a status. */
export function isTerminal(status: GatewayStatus): boolean {
  return status === "succeeded" || status === "failed" || status === "canceled";
}
