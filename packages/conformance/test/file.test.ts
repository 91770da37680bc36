import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describeCheckpointStore } from "@holdpoint/conformance";
import { afterAll } from "vitest";

import { openFileStore } from "./file-worker.ts";

const root = mkdtempSync(join(tmpdir(), "holdpoint-conformance-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describeCheckpointStore("file", {
  open: (namespace, options) => openFileStore(root, namespace, options),
  worker: { module: new URL("./file-worker.ts", import.meta.url), argument: { root } },
});
