import { describeCheckpointStore } from "@holdpoint/conformance";
import { openStore } from "@holdpoint/core";
import { describe } from "vitest";

import { conformanceUrl } from "./conformance-url.ts";

const server = process.env["HOLDPOINT_TEST_NATS_URL"];

describe.skipIf(server === undefined)("conformance", () => {
  describeCheckpointStore("nats", {
    open: async (namespace, options) => await openStore(conformanceUrl(String(server), namespace), options),
    worker: { module: new URL("./conformance-worker.ts", import.meta.url), argument: server },
  });
});
