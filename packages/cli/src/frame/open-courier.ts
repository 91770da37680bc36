import type { GatewayCourier } from "@holdpoint/asya/gateway";
import { openGateway } from "@holdpoint/asya/gateway";

import type { CommandContext } from "./command-context.ts";

/**
 * The courier to the gateway that `--via` names, with the key or token that the environment has.
 *
 * @throws {GatewayError} what `openGateway` throws
 */
export async function openCourier({ environment, signal }: CommandContext, address: string): Promise<GatewayCourier> {
  // The rules of the actors: what is set to nothing is not set.
  const setting = (name: string): string | undefined => environment[name]?.trim() || undefined;
  const apiKey = setting("HOLDPOINT_GATEWAY_KEY");
  const token = setting("HOLDPOINT_GATEWAY_TOKEN");
  return await openGateway(address, { apiKey, token, signal });
}
