import { describeCheckpointStore } from "@holdpoint/conformance";
import { openStore } from "@holdpoint/core";
import { beforeAll, describe } from "vitest";

import { emulatorUrl, ensureBucket } from "./gcs-emulator.ts";

const bucket = "holdpoint-conformance";

describe.skipIf(emulatorUrl === undefined)("against the emulator", () => {
  beforeAll(async () => {
    await ensureBucket(bucket);
  });

  describeCheckpointStore("gcs", {
    open: (namespace, options) => openStore(`gs://${bucket}/${namespace}?endpoint=${emulatorUrl}`, options),
    worker: {
      module: new URL("./conformance-worker.ts", import.meta.url),
      argument: { bucket, endpoint: emulatorUrl },
    },
  });

  // Where a prefix makes a difference.
  describeCheckpointStore(
    "gcs without a prefix",
    {
      open: async (namespace, options) => {
        const own = await ensureBucket(`holdpoint-${namespace}-0`);
        return await openStore(`gs://${own}?endpoint=${emulatorUrl}`, options);
      },
    },
    { groups: ["round trips", "keys", "conditions", "listing"] },
  );
});
