import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runConformance } from "@holdpoint/conformance/run";
import type { ConformanceHarness } from "@holdpoint/conformance/run";
import { afterAll, expect, test } from "vitest";

import { openStore } from "./known-bad/never-answers-worker.ts";

const root = mkdtempSync(join(tmpdir(), "holdpoint-out-of-time-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What the case says that does not come to its end, and how the one after it ends, which needs the processes again. */
async function outOfTime(harness: ConformanceHarness): Promise<readonly [problem: string, next: string | undefined]> {
  const options = { groups: ["races"], processes: 2, raceRounds: 4, caseTimeoutMs: 3_000 } as const;
  const results = await runConformance(harness, options);
  const at = results.findIndex(({ id }) => id === "races/contended-counter");
  const late = results[at];
  return [late?.error instanceof Error ? late.error.message : "", results[at + 1]?.outcome];
}

const problem =
  /races\/contended-counter must settle within 3000 ms; it did not\. It was waiting for: get "counter"(?<where>.*), for \d+\.\d s.*Of \d+ that had ended, the slowest took \d+\.\d s: /su;

test("a case that runs out of time says what it was waiting for, and since when", async () => {
  const open: ConformanceHarness["open"] = (namespace) => openStore(namespace, { root });
  const [said, next] = await outOfTime({ open });
  expect(said).toMatch(problem);
  expect(next).toBe("passed");
});

test("so it does of what happens in other processes, which the next case finds as new", async () => {
  const worker = { module: new URL("./known-bad/never-answers-worker.ts", import.meta.url), argument: { root } };
  const [said, next] = await outOfTime({ open: (namespace) => openStore(namespace, { root }), worker });
  expect(said).toMatch(problem);
  expect(problem.exec(said)?.groups?.["where"]).toMatch(/^ in process [01]/u);
  expect(next).toBe("passed");
});
