import type { JsonObject } from "@holdpoint/core";

import { a2aTaskHeader, resumeTaskHeader } from "../asya-headers.ts";
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

const states: ReadonlySet<unknown> = new Set<GatewayTaskState>([
  "pending",
  "running",
  "paused",
  "succeeded",
  "failed",
  "canceled",
]);

/** Speaks the API of the newest gateway, where every answer is a message with a record of its own. */
export class MeshCourier implements GatewayCourier {
  readonly generation = "mesh";
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
      const status = await this.#statusOf(id, options);
      if (status !== undefined) return status;
    }
    return undefined;
  }

  async answer(task: GatewayTask, input: JsonObject, options: GatewayCallOptions = {}): Promise<AnswerReceipt> {
    const before = await this.status(task, options);
    // Any other state may be wrong here, since records fail at a deadline that nobody stops for a pause; and the answer
    // has a record of its own.
    if (before?.state === "canceled" || before?.state === "succeeded") {
      throw new GatewayError(
        "not-waiting",
        `The gateway at ${this.address} shows the task ${quote(before.id)} as ${before.state}. Nothing was sent.`,
      );
    }
    const url = new URL("?actor=x-resume", this.#url);
    const { taskId, a2aTaskId } = task;
    const headers = { [resumeTaskHeader]: taskId, ...(a2aTaskId === undefined ? {} : { [a2aTaskHeader]: a2aTaskId }) };
    const body = { payload: input, headers };
    const answer = await sendToGateway({ method: "POST", url, body, ...options }, this.#access);
    const { status, json, excerpt } = answer;
    if (status >= 200 && status < 300 && typeof json?.["id"] === "string") return { messageId: json["id"], before };
    if (status < 400) throw unexpectedAnswer(url, answer, { outcome: "unknown" });
    const hint = status === 404 ? " Is this the API's address, and is there an actor x-resume?" : "";
    throw new GatewayError(
      "refused",
      `The gateway at ${url.href} did not take the answer: ${excerpt} (${status}).${hint}`,
      {
        // It sends the message on last, and may fail after that.
        outcome: status >= 500 ? "unknown" : "not-applied",
      },
    );
  }

  async cancel(task: GatewayTask, options: GatewayCallOptions = {}): Promise<boolean> {
    let known = false;
    let canceled = false;
    // The message that paused first has a record too, which stays paused for ever.
    for (const id of idsOf(task)) {
      const status = await this.#statusOf(id, options);
      if (status === undefined) continue;
      known = true;
      if (status.state === "succeeded" || status.state === "failed" || status.state === "canceled") continue;
      const url = this.#recordUrl(id);
      const answer = await sendToGateway({ method: "DELETE", url, ...options }, this.#access);
      if (answer.status >= 300) {
        throw new GatewayError(
          "refused",
          `The gateway at ${url.href} did not cancel it: ${answer.excerpt} (${answer.status}).`,
          { outcome: "unknown" },
        );
      }
      canceled = true;
    }
    if (known) return canceled;
    throw new GatewayError(
      "unknown-task",
      `The gateway at ${this.address} knows the task neither as ${idsOf(task).map(quote).join(" nor as ")}. Nothing was sent.`,
    );
  }

  async #statusOf(id: string, options: GatewayCallOptions): Promise<GatewayTaskStatus | undefined> {
    const url = this.#recordUrl(id);
    const answer = await sendToGateway({ method: "GET", url, ...options }, this.#access);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200 || answer.json === undefined) throw unexpectedAnswer(url, answer);
    const { status } = answer.json;
    return { id, state: states.has(status) ? (status as GatewayTaskState) : "unknown" };
  }

  #recordUrl(id: string): URL {
    return new URL(encodeURIComponent(id), this.#url);
  }
}

/** What it paused under last, first. */
function idsOf({ envelopeId, taskId, a2aTaskId }: GatewayTask): readonly string[] {
  return [...new Set([envelopeId, taskId, a2aTaskId].filter((id) => id !== undefined))];
}

function quote(id: string): string {
  return JSON.stringify(id);
}
