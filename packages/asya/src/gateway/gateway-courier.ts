import type { JsonObject } from "@holdpoint/core";

import type { TaskDetails } from "../pause-ledger.ts";
import { a2aTaskHeader, textHeader } from "../asya-headers.ts";

/** A task by the ids that gateways may know it by. */
export interface GatewayTask {
  /** The id under which the ledger keeps it. */
  readonly taskId: string;
  /** The id of the envelope that paused last. */
  readonly envelopeId: string;
  /** Its id in the A2A protocol, where that is another. */
  readonly a2aTaskId?: string | undefined;
}

/** What a gateway shows of a task; `unknown` is a state that it has no name for here. */
export type GatewayTaskState = "pending" | "running" | "paused" | "succeeded" | "failed" | "canceled" | "unknown";

/** A gateway's own record of a task. */
export interface GatewayTaskStatus {
  /** The id that the gateway keeps it under. */
  readonly id: string;
  readonly state: GatewayTaskState;
}

/** Options of each call to a gateway. */
export interface GatewayCallOptions {
  /** @default never aborted */
  readonly signal?: AbortSignal | undefined;
}

/** What became of an answer that a gateway took. */
export interface AnswerReceipt {
  /** The id of the message that carries the answer, where the gateway says it. */
  readonly messageId?: string | undefined;
  /** What the gateway showed of the task before. */
  readonly before: GatewayTaskStatus | undefined;
  /** What it shows since, where it says so. */
  readonly after?: GatewayTaskState | undefined;
}

/** Whatever hands answers to a gateway. */
export interface AnswerCourier {
  /**
   * Answers a task. Check the answer first with `checkAnswer`: a gateway takes anything.
   *
   * @throws {GatewayError} with `outcome: "unknown"` where the answer may have been taken all the same
   */
  answer(task: GatewayTask, input: JsonObject, options?: GatewayCallOptions): Promise<AnswerReceipt>;
}

/**
 * Carries a person's answer to a gateway, which hands it to x-resume, as its own clients do. It claims nothing: whether
 * an answer counts is decided where x-resume claims the task, so two couriers, or one that is not sure, do no harm.
 */
export interface GatewayCourier extends AnswerCourier {
  readonly generation: GatewayApi;
  /** Where it sends to. */
  readonly address: string;
  /**
   * What the gateway shows of a task; `undefined` if it keeps no record of it under any of its ids.
   *
   * @throws {GatewayError}
   */
  status(task: GatewayTask, options?: GatewayCallOptions): Promise<GatewayTaskStatus | undefined>;
  /**
   * Ends a task in the gateway, and nowhere else; resolves to `false` if it had ended there before.
   *
   * @throws {GatewayError}
   */
  cancel(task: GatewayTask, options?: GatewayCallOptions): Promise<boolean>;
}

/**
 * How a gateway is spoken to.
 *
 * - `a2a`: JSON-RPC of the Agent2Agent protocol, `POST /a2a/`
 * - `mesh`: the newest generation's own API, `POST {prefix}/mesh/?actor=x-resume`
 */
export type GatewayApi = "a2a" | "mesh";

/**
 * The ids that gateways may know a task by.
 *
 * @example
 * ```ts
 * await courier.status(gatewayTaskOf(task));
 * ```
 */
export function gatewayTaskOf({ taskId, envelopeId, message }: TaskDetails): GatewayTask {
  return { taskId, envelopeId, a2aTaskId: textHeader(message?.headers ?? {}, a2aTaskHeader) };
}
