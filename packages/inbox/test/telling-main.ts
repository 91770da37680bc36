// An inbox of its own process that tells a stand-in of Slack: telling-main.ts <store's URL> <webhook's URL>
import { openStore } from "@holdpoint/core";

import { localLogin, slackTarget } from "../src/index.ts";
import { serveInbox } from "../src/node.ts";

const [storeUrl = "", url = ""] = process.argv.slice(2);
await serveInbox({
  store: await openStore(storeUrl),
  authentication: localLogin({ person: "ada", print: () => undefined }),
  port: 0,
  notices: { targets: [slackTarget({ name: "slack", url })], lookEveryMs: 100, timeoutMs: 2_000 },
});
