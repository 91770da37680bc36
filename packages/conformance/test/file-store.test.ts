import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describeCheckpointStore } from "@holdpoint/conformance";
import { afterAll } from "vitest";

import { openStore } from "./file-store-worker.ts";

const root = mkdtempSync(join(tmpdir(), "holdpoint-conformance-"));
afterAll(() => rmSync(root, { recursive: true }));

describeCheckpointStore("file", {
  open: (namespace, options) => openStore(namespace, { root }, options),
  worker: { module: new URL("./file-store-worker.ts", import.meta.url), argument: { root } },
});
