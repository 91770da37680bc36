// An inbox of its own process, which may end itself at one of its writes: killed-inbox-main.ts <KilledInboxOptions as JSON>
import { openGateway } from "@holdpoint/asya/gateway";
import type { CheckpointStore } from "@holdpoint/core";
import { openStore } from "@holdpoint/core";

import { localLogin, slackTarget, webhookCourier } from "../src/index.ts";
import { serveInbox } from "../src/node.ts";
import type { KilledInboxOptions } from "./killed-inbox.ts";

const { storeUrl, port, slackUrl, gatewayUrl, webhook, apiTokens, killAt } = JSON.parse(
  process.argv[2] ?? "",
) as KilledInboxOptions;
const store = await openStore(storeUrl);
if (killAt !== undefined) endAtWrite(store, killAt);
// It tells at once, and whoever died is found out in three seconds.
const times = { lookEveryMs: 100, timeoutMs: 1_000 };
const login = localLogin({ person: "ada", print: (token) => console.log(token) });
await serveInbox({
  store,
  authentication: login,
  port,
  secret: "the same for every inbox that is started",
  apiTokens,
  gateway: gatewayUrl === undefined ? undefined : await openGateway(gatewayUrl),
  notices: slackUrl === undefined ? undefined : { targets: [slackTarget({ name: "slack", url: slackUrl })], ...times },
  couriers:
    webhook === undefined ? undefined : { couriers: [webhookCourier({ name: "billing", ...webhook })], ...times },
});
login.printToken();

function endAtWrite(on: CheckpointStore, { write, when }: NonNullable<KilledInboxOptions["killAt"]>): void {
  let writes = 0;
  for (const name of ["put", "delete"] as const) {
    const method = on[name].bind(on) as (...parameters: unknown[]) => Promise<unknown>;
    const counted = async (...parameters: unknown[]): Promise<unknown> => {
      writes += 1;
      const isIt = writes === write;
      if (isIt && when === "before") process.kill(process.pid, "SIGKILL");
      const result = await method(...parameters);
      if (isIt && when === "after") process.kill(process.pid, "SIGKILL");
      return result;
    };
    Object.defineProperty(on, name, { value: counted });
  }
}
