import { randomUUID } from "node:crypto";

import { A2aCourier } from "./a2a-courier.ts";
import { addressOfApi, readGatewayAddress } from "./gateway-address.ts";
import type { GatewayApi, GatewayCallOptions, GatewayCourier } from "./gateway-courier.ts";
import { GatewayError } from "./gateway-error.ts";
import type { GatewayAccess } from "./gateway-request.ts";
import { sendToGateway } from "./gateway-request.ts";
import { MeshCourier } from "./mesh-courier.ts";

/** Options of {@link openGateway}. */
export interface GatewayOptions extends GatewayCallOptions {
  /** Sent as `X-API-Key`. @default none */
  readonly apiKey?: string | undefined;
  /** Sent as a bearer token. @default none */
  readonly token?: string | undefined;
  /** How long one request may take. @default 30000 */
  readonly timeoutMs?: number | undefined;
}

/**
 * Makes a courier to an Asya gateway. The address tells which API it has, by the end of its path; one without a path is
 * asked, in a way that changes nothing. No redirect is followed.
 *
 * @example
 * ```ts
 * const courier = await openGateway("http://asya-gateway:8080/a2a/", { apiKey });
 * await courier.answer(gatewayTaskOf(task), await checkAnswer(task, { approved: true }));
 * ```
 * @throws {GatewayError} `invalid-address`; where it had to be asked also `unreachable`, `unauthorized`,
 * `unexpected-answer`
 */
export async function openGateway(address: string, options: GatewayOptions = {}): Promise<GatewayCourier> {
  const { apiKey, token, timeoutMs = 30_000, signal } = options;
  const credentials = {
    ...(apiKey === undefined ? {} : { "x-api-key": apiKey }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const access = { timeoutMs, credentials };
  const { api, url } = readGatewayAddress(address);
  const found = api ?? (await findApi(url, access, signal));
  const at = api === undefined ? addressOfApi(url, found) : url;
  return found === "a2a" ? new A2aCourier(at, access) : new MeshCourier(at, access);
}

/** Asks for what nobody has: only a gateway says in JSON that it has not got it. */
async function findApi(root: URL, access: GatewayAccess, signal: AbortSignal | undefined): Promise<GatewayApi> {
  const nobody = randomUUID();
  const record = await sendToGateway(
    { method: "GET", url: new URL(nobody, addressOfApi(root, "mesh")), signal },
    access,
  );
  if (record.json !== undefined && (record.status === 404 || record.status === 200)) return "mesh";
  const body = { jsonrpc: "2.0", id: nobody, method: "tasks/get", params: { id: nobody } };
  const task = await sendToGateway(
    { method: "POST", url: addressOfApi(root, "a2a"), body, signal, isRead: true },
    access,
  );
  if (task.json?.["jsonrpc"] === "2.0") return "a2a";
  const away = [record.status, task.status].find((status) => status >= 502 && status <= 504);
  if (away !== undefined) {
    throw new GatewayError(
      "unreachable",
      `What stands before the gateway at ${root.href} does not reach it (${away}). Nothing was sent.`,
    );
  }
  throw new GatewayError(
    "unexpected-answer",
    `At ${root.href} there is neither api/v1/mesh/ (${record.status}) nor a2a/ (${task.status}). Give the whole address of the gateway's API. Nothing was sent.`,
  );
}
