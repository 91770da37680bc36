// Runs the whole suite on the file store, and prints how each case ended as one line of JSON.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runConformance } from "@holdpoint/conformance/run";

import { openStore } from "./file-store-worker.ts";

export async function runOnFiles(): Promise<readonly { id: string; outcome: string; problem: string }[]> {
  const root = mkdtempSync(join(tmpdir(), "holdpoint-consumer-"));
  try {
    const results = await runConformance({
      open: (namespace, options) => openStore(namespace, { root }, options),
      worker: { module: new URL("./file-store-worker.ts", import.meta.url), argument: { root } },
    });
    return results.map(({ id, outcome, error }) => ({
      id,
      outcome,
      problem: error instanceof Error ? error.message : "",
    }));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
