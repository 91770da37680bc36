import type { JsonObject } from "@holdpoint/core";

import { a2aTaskHeader, resumeTaskHeader } from "../asya-headers.ts";
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

const states: ReadonlySet<unknown> = new Set<GatewayTaskState>([
  "pending",
  "running",
  "paused",
  "succeeded",
  "failed",
  "canceled",
]);

/** Speaks the API of the newest gateway, where every answer is a message with a record of its own. */
export class MeshCourier extends HttpCourier {
  readonly generation = "mesh";

  async answer(task: GatewayTask, input: JsonObject, options: GatewayCallOptions = {}): Promise<AnswerReceipt> {
    const before = await this.status(task, options);
    // Any other state may be wrong here, since records fail at a deadline that nobody stops for a pause; and the answer
    // has a record of its own.
    if (before?.state === "canceled" || before?.state === "succeeded") {
      throw this.notWaiting(before, "");
    }
    const url = new URL("?actor=x-resume", this.url);
    const { taskId, a2aTaskId } = task;
    const headers = { [resumeTaskHeader]: taskId, ...(a2aTaskId === undefined ? {} : { [a2aTaskHeader]: a2aTaskId }) };
    const body = { payload: input, headers };
    const answer = await this.send({ method: "POST", url, body, ...options });
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
    for (const id of this.idsOf(task)) {
      const status = await this.statusOf(id, options);
      if (status === undefined) continue;
      known = true;
      if (status.state === "succeeded" || status.state === "failed" || status.state === "canceled") continue;
      const url = this.#recordUrl(id);
      const answer = await this.send({ method: "DELETE", url, ...options });
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
    throw this.unknownTask(task);
  }

  protected async statusOf(id: string, options: GatewayCallOptions): Promise<GatewayTaskStatus | undefined> {
    const url = this.#recordUrl(id);
    const answer = await this.send({ method: "GET", url, ...options });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200 || answer.json === undefined) throw unexpectedAnswer(url, answer);
    const { status } = answer.json;
    return { id, state: states.has(status) ? (status as GatewayTaskState) : "unknown" };
  }

  /** What it paused under last, first. */
  protected idsOf({ envelopeId, taskId, a2aTaskId }: GatewayTask): readonly string[] {
    return [...new Set([envelopeId, taskId, a2aTaskId].filter((id) => id !== undefined))];
  }

  #recordUrl(id: string): URL {
    return new URL(encodeURIComponent(id), this.url);
  }
}
