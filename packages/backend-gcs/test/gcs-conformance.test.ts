import { describeCheckpointStore } from "@holdpoint/conformance";
import { openStore } from "@holdpoint/core";
import { beforeAll, describe } from "vitest";

import { emulatorUrl, ensureBucket } from "./gcs-emulator.ts";

const bucket = "holdpoint-conformance";

describe.skipIf(emulatorUrl === undefined)("against the emulator", () => {
  beforeAll(async () => {
    await ensureBucket(bucket);
  });

  const argument = { bucket, endpoint: emulatorUrl };
  describeCheckpointStore("gcs", {
    open: (namespace, options) => openStore(`gs://${bucket}/${namespace}?endpoint=${emulatorUrl}`, options),
    worker: { module: new URL("./conformance-worker.ts", import.meta.url), argument },
  });
});
