import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runConformance } from "@holdpoint/conformance/run";
import type { ConformanceHarness, ConformanceOptions } from "@holdpoint/conformance/run";
import { afterAll, expect, test } from "vitest";

import { openStore } from "../file-store-worker.ts";
import { openStore as openLockedInProcess } from "./locks-in-process-worker.ts";

const root = mkdtempSync(join(tmpdir(), "holdpoint-known-bad-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function failuresOf(harness: ConformanceHarness, options: ConformanceOptions): Promise<string[]> {
  const results = await runConformance(harness, options);
  return results.filter(({ outcome }) => outcome === "failed").map(({ id }) => id);
}

test("finds out a store that keeps its process alive", async () => {
  const failures = await failuresOf(
    {
      open: (namespace, options) => openStore(namespace, { root }, options),
      worker: { module: new URL("./leaves-a-timer-worker.ts", import.meta.url), argument: { root } },
    },
    { groups: ["lifecycle"] },
  );
  expect(failures).toEqual(["lifecycle/process-ends"]);
});

test("finds out a store that is right within one process only, by racing several", async () => {
  const options: ConformanceOptions = { groups: ["races"], processes: 4, raceRounds: 6 };
  const open: ConformanceHarness["open"] = (namespace) => openLockedInProcess(namespace, { root });
  expect(await failuresOf({ open }, options)).toEqual([]);

  const worker = { module: new URL("./locks-in-process-worker.ts", import.meta.url), argument: { root } };
  const failures = await failuresOf({ open, worker }, options);
  expect(failures).toContain("races/one-claimant-wins");
});
