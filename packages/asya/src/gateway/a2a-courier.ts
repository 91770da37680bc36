import { randomUUID } from "node:crypto";

import type { JsonObject } from "@holdpoint/core";
import { isJsonObject } from "@holdpoint/core/json";

import type {
  AnswerReceipt,
  GatewayCallOptions,
  GatewayCourier,
  GatewayTask,
  GatewayTaskState,
  GatewayTaskStatus,
} from "./gateway-courier.ts";
import { GatewayError } from "./gateway-error.ts";
import type { GatewayAccess } from "./gateway-request.ts";
import { sendToGateway, unexpectedAnswer } from "./gateway-request.ts";

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

interface RpcError {
  readonly code: number;
  readonly message: string;
}

/** Speaks JSON-RPC of the Agent2Agent protocol. */
export class A2aCourier implements GatewayCourier {
  readonly generation = "a2a";
  readonly #url: URL;
  readonly #access: GatewayAccess;

  constructor(url: URL, access: GatewayAccess) {
    this.#url = url;
    this.#access = access;
  }

  get address(): string {
    return this.#url.href;
  }

  async status(task: GatewayTask, options: GatewayCallOptions = {}): Promise<GatewayTaskStatus | undefined> {
    for (const id of idsOf(task)) {
      const answer = await this.#call("tasks/get", { id }, options);
      if ("result" in answer) return { id, state: stateOf(answer.result) };
      if (answer.error.code === methodNotFound) return { id, state: "unknown" };
      if (answer.error.code !== taskNotFound)
        throw this.#refused(`does not tell of the task ${quote(id)}`, answer.error);
    }
    return undefined;
  }

  async answer(task: GatewayTask, input: JsonObject, options: GatewayCallOptions = {}): Promise<AnswerReceipt> {
    const before = await this.status(task, options);
    if (before === undefined) throw this.#unknown(task);
    if (before.state !== "paused" && before.state !== "unknown") throw this.#notWaiting(before);
    const messageId = randomUUID();
    const parts = [{ kind: "data", data: input }];
    const message = { kind: "message", messageId, taskId: before.id, role: "user", parts };
    try {
      const answer = await this.#call("message/send", { message }, options);
      if ("result" in answer) return { messageId, before, after: stateOf(answer.result) };
      // What failed inside of the gateway may have failed after the message was on its way.
      const outcome = answer.error.code === -32603 ? "unknown" : "not-applied";
      throw this.#refused(`did not take the answer to ${quote(before.id)}`, answer.error, outcome);
    } catch (error) {
      if (!GatewayError.is(error, "unreachable") || error.outcome !== "unknown") throw error;
      // The call lasts until the task ends or pauses again, so its answer may come late although the message was taken.
      const after = await this.status(task, options).catch(() => undefined);
      if (after === undefined || after.state === before.state) throw error;
      return { messageId, before, after: after.state };
    }
  }

  async cancel(task: GatewayTask, options: GatewayCallOptions = {}): Promise<boolean> {
    for (const id of idsOf(task)) {
      const answer = await this.#call("tasks/cancel", { id }, options);
      if ("result" in answer) return true;
      if (answer.error.code === taskNotCancelable) return false;
      if (answer.error.code !== taskNotFound) {
        throw this.#refused(`did not cancel the task ${quote(id)}`, answer.error, "unknown");
      }
    }
    throw this.#unknown(task);
  }

  async #call(
    method: string,
    parameters: JsonObject,
    { signal }: GatewayCallOptions,
  ): Promise<{ readonly result: JsonObject } | { readonly error: RpcError }> {
    const body = { jsonrpc: "2.0", id: randomUUID(), method, params: parameters };
    const answer = await sendToGateway(
      { method: "POST", url: this.#url, body, signal, isRead: method === "tasks/get" },
      this.#access,
    );
    const { result, error } = answer.json ?? {};
    if (isJsonObject(result)) return { result };
    if (isJsonObject(error)) return { error: { code: Number(error["code"]), message: String(error["message"]) } };
    const isSure = answer.status >= 400 && answer.status < 500;
    throw unexpectedAnswer(this.#url, answer, isSure || method === "tasks/get" ? {} : { outcome: "unknown" });
  }

  #refused(
    what: string,
    { code, message }: RpcError,
    outcome: "not-applied" | "unknown" = "not-applied",
  ): GatewayError {
    return new GatewayError("refused", `The gateway at ${this.address} ${what}: ${message} (${code}).`, { outcome });
  }

  #unknown(task: GatewayTask): GatewayError {
    const ids = idsOf(task).map(quote).join(" nor as ");
    return new GatewayError(
      "unknown-task",
      `The gateway at ${this.address} knows the task neither as ${ids}: it is another gateway's, was started without one, or was forgotten. Nothing was sent.`,
    );
  }

  #notWaiting({ id, state }: GatewayTaskStatus): GatewayError {
    return new GatewayError(
      "not-waiting",
      `The gateway at ${this.address} shows the task ${quote(id)} as ${state}, and takes answers only for what it shows as paused. At a second pause point this gateway loses sight of a task; then answer without it. Nothing was sent.`,
    );
  }
}

function idsOf({ a2aTaskId, taskId, envelopeId }: GatewayTask): readonly string[] {
  return [...new Set([a2aTaskId, taskId, envelopeId].filter((id) => id !== undefined))];
}

function stateOf(task: JsonObject): GatewayTaskState {
  const status = task["status"];
  return (isJsonObject(status) ? states.get(status["state"]) : undefined) ?? "unknown";
}

function quote(id: string): string {
  return JSON.stringify(id);
}
