import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describeCheckpointStore } from "@holdpoint/conformance";
import { afterAll } from "vitest";

import { openStore } from "./sqlite-backend-worker.ts";

const root = mkdtempSync(join(tmpdir(), "sqlite-backend-"));
afterAll(() => rmSync(root, { recursive: true }));

describeCheckpointStore("sqlite", {
  open: (namespace, options) => openStore(namespace, { root }, options),
  worker: { module: new URL("./sqlite-backend-worker.ts", import.meta.url), argument: { root } },
});
