import type { JsonObject } from "@holdpoint/core";

import { quoteId } from "../quote-id.ts";
import type {
  AnswerReceipt,
  GatewayApi,
  GatewayCallOptions,
  GatewayCourier,
  GatewayTask,
  GatewayTaskStatus,
} from "./gateway-courier.ts";
import { GatewayError } from "./gateway-error.ts";
import type { GatewayAccess, GatewayAnswer, GatewayRequest } from "./gateway-request.ts";
import { sendToGateway } from "./gateway-request.ts";

/** What the couriers to all generations have: an address, and a task that may have several ids there. */
export abstract class HttpCourier implements GatewayCourier {
  abstract readonly generation: GatewayApi;
  /** Where the API is; ends with a slash. */
  protected readonly url: URL;
  readonly #access: GatewayAccess;

  constructor(url: URL, access: GatewayAccess) {
    this.url = url;
    this.#access = access;
  }

  get address(): string {
    return this.url.href;
  }

  async status(task: GatewayTask, options: GatewayCallOptions = {}): Promise<GatewayTaskStatus | undefined> {
    for (const id of this.idsOf(task)) {
      const status = await this.statusOf(id, options);
      if (status !== undefined) return status;
    }
    return undefined;
  }

  abstract answer(task: GatewayTask, input: JsonObject, options?: GatewayCallOptions): Promise<AnswerReceipt>;
  abstract cancel(task: GatewayTask, options?: GatewayCallOptions): Promise<boolean>;

  /** A gateway's record under one id; `undefined` if it has none. */
  protected abstract statusOf(id: string, options: GatewayCallOptions): Promise<GatewayTaskStatus | undefined>;
  /** The ids that a gateway may know a task by, likeliest first. */
  protected abstract idsOf(task: GatewayTask): readonly string[];

  protected async send(request: GatewayRequest): Promise<GatewayAnswer> {
    return await sendToGateway(request, this.#access);
  }

  protected unknownTask(task: GatewayTask): GatewayError {
    const ids = this.idsOf(task).map(quoteId).join(" nor as ");
    return new GatewayError(
      "unknown-task",
      `The gateway at ${this.address} knows the task neither as ${ids}: it is another gateway's, was started without one, or was forgotten. Nothing was sent.`,
    );
  }

  protected notWaiting({ id, state }: GatewayTaskStatus, why: string): GatewayError {
    return new GatewayError(
      "not-waiting",
      `The gateway at ${this.address} shows the task ${quoteId(id)} as ${state}${why}. Nothing was sent.`,
    );
  }
}
