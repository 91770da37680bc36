import { randomUUID } from "node:crypto";

import type { JsonObject } from "@holdpoint/core";
import { isJsonObject } from "@holdpoint/core/json";

import { quoteId } from "../quote-id.ts";
import type {
  AnswerReceipt,
  GatewayCallOptions,
  GatewayTask,
  GatewayTaskState,
  GatewayTaskStatus,
} from "./gateway-courier.ts";
import { GatewayError } from "./gateway-error.ts";
import { unexpectedAnswer } from "./gateway-request.ts";
import { HttpCourier } from "./http-courier.ts";

// https://a2a-protocol.org/v0.3.0/specification/#63-taskstate-enum
const states: ReadonlyMap<unknown, GatewayTaskState> = new Map<string, GatewayTaskState>([
  ["submitted", "pending"],
  ["working", "running"],
  ["input-required", "paused"],
  ["completed", "succeeded"],
  ["failed", "failed"],
  ["canceled", "canceled"],
]);

// https://a2a-protocol.org/v0.3.0/specification/#8-error-handling
const taskNotFound = -32001;
const taskNotCancelable = -32002;
const methodNotFound = -32601;

const pausedOnly =
  ", and takes answers only for what it shows as paused. At a second pause point this gateway loses sight of a task; then answer without it";

interface RpcError {
  readonly code: number;
  readonly message: string;
}

/** Speaks JSON-RPC of the Agent2Agent protocol. */
export class A2aCourier extends HttpCourier {
  readonly generation = "a2a";

  async answer(task: GatewayTask, input: JsonObject, options: GatewayCallOptions = {}): Promise<AnswerReceipt> {
    const before = await this.status(task, options);
    if (before === undefined) throw this.unknownTask(task);
    if (before.state !== "paused" && before.state !== "unknown") throw this.notWaiting(before, pausedOnly);
    const messageId = randomUUID();
    const parts = [{ kind: "data", data: input }];
    const message = { kind: "message", messageId, taskId: before.id, role: "user", parts };
    try {
      const answer = await this.#call("message/send", { message }, options);
      if ("result" in answer) return { messageId, before, after: stateOf(answer.result) };
      // What failed inside of the gateway may have failed after the message was on its way.
      const outcome = answer.error.code === -32603 ? "unknown" : "not-applied";
      throw this.#refused(`did not take the answer to ${quoteId(before.id)}`, answer.error, outcome);
    } catch (error) {
      if (!GatewayError.is(error, "unreachable") || error.outcome !== "unknown") throw error;
      // The call lasts until the task ends or pauses again, so its answer may come late although the message was taken.
      const after = await this.status(task, options).catch(() => undefined);
      if (after === undefined || after.state === before.state) throw error;
      return { messageId, before, after: after.state };
    }
  }

  async cancel(task: GatewayTask, options: GatewayCallOptions = {}): Promise<boolean> {
    for (const id of this.idsOf(task)) {
      const answer = await this.#call("tasks/cancel", { id }, options);
      if ("result" in answer) return true;
      if (answer.error.code === taskNotCancelable) return false;
      if (answer.error.code !== taskNotFound) {
        throw this.#refused(`did not cancel the task ${quoteId(id)}`, answer.error, "unknown");
      }
    }
    throw this.unknownTask(task);
  }

  protected async statusOf(id: string, options: GatewayCallOptions): Promise<GatewayTaskStatus | undefined> {
    const answer = await this.#call("tasks/get", { id }, options);
    if ("result" in answer) return { id, state: stateOf(answer.result) };
    if (answer.error.code === methodNotFound) return { id, state: "unknown" };
    if (answer.error.code === taskNotFound) return undefined;
    throw this.#refused(`does not tell of the task ${quoteId(id)}`, answer.error);
  }

  protected idsOf({ a2aTaskId, taskId, envelopeId }: GatewayTask): readonly string[] {
    return [...new Set([a2aTaskId, taskId, envelopeId].filter((id) => id !== undefined))];
  }

  async #call(
    method: string,
    parameters: JsonObject,
    { signal }: GatewayCallOptions,
  ): Promise<{ readonly result: JsonObject } | { readonly error: RpcError }> {
    const body = { jsonrpc: "2.0", id: randomUUID(), method, params: parameters };
    const answer = await this.send({ method: "POST", url: this.url, body, signal, isRead: method === "tasks/get" });
    const { result, error } = answer.json ?? {};
    if (isJsonObject(result)) return { result };
    if (isJsonObject(error)) return { error: { code: Number(error["code"]), message: String(error["message"]) } };
    const isSure = answer.status >= 400 && answer.status < 500;
    throw unexpectedAnswer(this.url, answer, isSure || method === "tasks/get" ? {} : { outcome: "unknown" });
  }

  #refused(
    what: string,
    { code, message }: RpcError,
    outcome: "not-applied" | "unknown" = "not-applied",
  ): GatewayError {
    return new GatewayError("refused", `The gateway at ${this.address} ${what}: ${message} (${code}).`, { outcome });
  }
}

function stateOf(task: JsonObject): GatewayTaskState {
  const status = task["status"];
  return (isJsonObject(status) ? states.get(status["state"]) : undefined) ?? "unknown";
}
