import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import type { CheckpointStore } from "@holdpoint/core";
import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { pauseEnvelope, resumeEnvelope } from "../packages/asya/test/ledger-fixture.ts";
import { copyStore } from "../packages/cli/src/copy/copy-store.ts";
import type { CopyReport } from "../packages/cli/src/copy/copy-store.ts";
import type { StoreUnderTest } from "./every-store.ts";
import { storesUnderTest, temporaryDirectory } from "./every-store.ts";

const executable = join(import.meta.dirname, "../packages/cli/src/holdpoint.ts");
const execute = promisify(execFile);

const pairs = storesUnderTest.flatMap((from) =>
  storesUnderTest.filter((to) => to !== from).map((to) => ({ from, to, title: `${from.name} to ${to.name}` })),
);

describe.each(pairs)("$title", ({ from, to }) => {
  it.skipIf(from.isMissing || to.isMissing)(
    "copies documents and other values, and brings them up to date",
    async () => {
      useEnvironment(from, to);
      await using source = await openStore(from.url());
      await using target = await openStore(to.url());
      const ledger = createPauseLedger(source);
      await ledger.pause(pauseEnvelope({ headers: { "x-asya-a2a-task-id": "a2a-1" } }));
      await ledger.pause(pauseEnvelope({ id: "task/ä" }));
      await source.put(
        "binary",
        Uint8Array.from({ length: 256 }, (_, byte) => byte),
      );
      expect(await copyStore(source, target)).toMatchObject({ copied: 4, verified: 4, onlyInTarget: 0 });

      await ledger.resume(resumeEnvelope({ headers: { "x-asya-resume-task": "task/ä" } }));
      await createPauseLedger(target).cancel("a2a-1");
      expect(await copyStore(source, target)).toMatchObject({
        copied: 0,
        alreadyThere: 2,
        updated: 1,
        ahead: 1,
        verified: 3,
      });
      const again = resumeEnvelope({ id: "another", headers: { "x-asya-resume-task": "task/ä" } });
      await expect(createPauseLedger(target).resume(again)).rejects.toMatchObject({ code: "already-resumed" });
    },
  );
});

const redis = storesUnderTest.find(({ name }) => name === "redis");

describe("10 000 documents, copied by a process that is killed three times", () => {
  it.skipIf(redis?.isMissing)(
    "end up complete and verified, with nothing overwritten that changed meanwhile",
    async () => {
      const count = 10_000;
      await using directory = await temporaryDirectory();
      await writeDocuments(directory.path, count);
      const targetUrl = redis?.url() ?? "";
      await using source = await openStore(directory.url);
      await using target = await openStore(targetUrl);
      const [sourceLedger, targetLedger] = [createPauseLedger(source), createPauseLedger(target)];
      const inSource: string[] = [];
      const inTarget: string[] = [];

      // Each time further, the last time perhaps while it verifies.
      for (const share of [0.3, 0.6, 1]) {
        const process = startCopy(directory.url, targetUrl);
        await untilThereAre(Math.floor(count * share * (0.5 + Math.random() / 2)), target);
        // While it runs, somebody answers: here what may have been copied before, there what certainly has.
        const copied = await someTasks(target, 5, inTarget);
        for (const id of copied) {
          await sourceLedger.cancel(id, { by: "somebody in the source" });
          inSource.push(id);
        }
        for (const id of await someTasks(target, 5, [...inTarget, ...inSource])) {
          await targetLedger.cancel(id, { by: "somebody in the target" });
          inTarget.push(id);
        }
        process.kill("SIGKILL");
        await once(process, "exit");
      }

      const report = await finishCopy(directory.url, targetUrl);
      expect(report).toMatchObject({ differing: 0, failed: 0, gone: 0, onlyInTarget: 0, ahead: inTarget.length });
      expect(report.verified + report.ahead).toBe(count);
      expect(await countKeys(target)).toBe(count);
      for (const id of inSource) {
        expect(await targetLedger.inspect(id)).toMatchObject({ state: "canceled", endedBy: "somebody in the source" });
      }
      for (const id of inTarget) {
        expect(await targetLedger.inspect(id)).toMatchObject({ state: "canceled", endedBy: "somebody in the target" });
      }
      expect(await finishCopy(directory.url, targetUrl)).toMatchObject({
        copied: 0,
        updated: 0,
        alreadyThere: count - inTarget.length,
      });
    },
  );
});

/** Documents as another x-pause leaves them on the mount. */
async function writeDocuments(directory: string, count: number): Promise<void> {
  await mkdir(join(directory, "paused"));
  for (let index = 0; index < count; index += 1) {
    const id = `task-${index}`;
    const route = { prev: ["analyzer"], curr: "x-pause", next: ["x-resume", "summarizer"] };
    const document = { id, route, headers: {}, payload: { index }, _pause_metadata: { prompt: "?", fields: [] } };
    await writeFile(join(directory, "paused", `${id}.json`), JSON.stringify(document));
  }
}

function startCopy(from: string, to: string): ReturnType<typeof spawn> {
  return spawn(process.execPath, ["--conditions=source", executable, "copy", from, to], { stdio: "ignore" });
}

async function finishCopy(from: string, to: string): Promise<CopyReport> {
  const { stdout } = await execute(process.execPath, ["--conditions=source", executable, "copy", from, to, "--json"]);
  const { summary } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { summary: CopyReport };
  return summary;
}

async function countKeys(store: CheckpointStore): Promise<number> {
  let count = 0;
  for await (const _ of store.list()) count += 1;
  return count;
}

async function untilThereAre(count: number, store: CheckpointStore): Promise<void> {
  await vi.waitFor(async () => expect(await countKeys(store)).toBeGreaterThanOrEqual(count), {
    timeout: 60_000,
    interval: 20,
  });
}

/** Ids of tasks that a store has, except some. */
async function someTasks(store: CheckpointStore, count: number, except: readonly string[]): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { key } of store.list({ prefix: "paused/" })) {
    const id = key.slice("paused/".length, -".json".length);
    if (!except.includes(id)) ids.push(id);
    if (ids.length === count) break;
  }
  return ids;
}

/** Sets what the stores' URLs need, until the test ends. */
function useEnvironment(...stores: readonly StoreUnderTest[]): void {
  for (const { environment } of stores) {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  }
  onTestFinished(() => void vi.unstubAllEnvs());
}
