import { describeCheckpointStore } from "@holdpoint/conformance";
import { openStore } from "@holdpoint/core";
import { beforeAll, describe } from "vitest";

import { gcs, ensureBucket } from "./test-server.ts";

const bucket = "holdpoint-conformance";

describe.skipIf(gcs.isMissing)("against the emulator", () => {
  beforeAll(async () => {
    await ensureBucket(bucket);
  });

  describeCheckpointStore("gcs", {
    open: (namespace, options) => openStore(`gs://${bucket}/${namespace}?endpoint=${gcs.url}`, options),
    worker: {
      module: new URL("./conformance-worker.ts", import.meta.url),
      argument: { bucket, endpoint: gcs.url },
    },
  });

  // Where a prefix makes a difference.
  describeCheckpointStore(
    "gcs without a prefix",
    {
      open: async (namespace, options) => {
        const own = await ensureBucket(`holdpoint-${namespace}-0`);
        return await openStore(`gs://${own}?endpoint=${gcs.url}`, options);
      },
    },
    { groups: ["round trips", "keys", "conditions", "listing"] },
  );

  describeCheckpointStore(
    "gcs with the names of a state proxy's connector",
    {
      open: (namespace, options) =>
        openStore(`gs://${bucket}/${namespace}?prefixRules=state-proxy&endpoint=${gcs.url}`, options),
    },
    { groups: ["round trips", "keys", "conditions", "listing"] },
  );
});
