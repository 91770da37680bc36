import { createLocalMesh, crewActor } from "@holdpoint/actors/mesh";
import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";
import { startCountingProxy } from "@holdpoint/test-servers";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { pauseEnvelope, resumeEnvelope } from "../packages/asya/test/ledger-fixture.ts";
import { raceForTask } from "../packages/asya/test/race-for-task.ts";
import { startWorker } from "../packages/asya/test/start-worker.ts";
import type { StoreUnderTest } from "./every-store.ts";
import { storesUnderTest, temporaryDirectory } from "./every-store.ts";

describe.each(storesUnderTest)("$name", (store) => {
  describe.skipIf(store.isMissing)("with its real server", () => {
    it("lets a task pass two pause points, with every process killed at each", async () => {
      useEnvironment(store);
      await expectWorkflow(store.url(), store.environment);
    });

    it("lets one of eight processes claim a paused task", async () => {
      useEnvironment(store);
      const url = store.url();
      const workers = await Promise.all(Array.from({ length: 8 }, () => startWorker(url)));
      onTestFinished(async () => void (await Promise.all(workers.map((worker) => worker.stop()))));
      for (const taskId of ["one", "two", "three", "four", "five"]) {
        expect(await raceForTask(workers, taskId)).toEqual({ resumed: 1, "already-resumed": 7 });
      }
    });

    // Members of a cluster tell clients their own addresses, so what is asked there does not pass the proxy.
    it.skipIf(store.name === "redis (cluster)")("is asked once for a pause and twice for a resume", async () => {
      const { address, protocol = "http" } = store;
      await using proxy = await startCountingProxy({ target: address, protocol });
      useEnvironment(store, proxy.url);
      await using opened = await openStore(store.url(proxy.url));
      const ledger = createPauseLedger(opened);
      // The first operations of a connection may bring what later ones need, such as a script's text.
      await ledger.pause(pauseEnvelope({ id: "warm-up" }));
      await ledger.resume(resumeEnvelope({ id: "warm-up-answer", headers: { "x-asya-resume-task": "warm-up" } }));

      proxy.reset();
      await ledger.pause(pauseEnvelope());
      expect(proxy.requests()).toHaveLength(1);
      proxy.reset();
      await ledger.resume(resumeEnvelope());
      expect(proxy.requests()).toHaveLength(2);
      proxy.reset();
      await expect(ledger.resume(resumeEnvelope({ id: "another", payload: {} }))).rejects.toThrow(/already resumed/u);
      // On PostgreSQL, to find nothing takes two.
      expect(proxy.requests().length).toBeLessThanOrEqual(store.name === "postgres" ? 3 : 2);
    });
  });
});

it("file: lets a task pass two pause points, with every process killed at each", async () => {
  await using directory = await temporaryDirectory();
  await expectWorkflow(directory.url, {});
});

describe("two clients of one bucket", () => {
  const minio = storesUnderTest.filter(({ name }) => name === "minio" || name === "s3");
  it.skipIf(minio[0]?.isMissing).each([
    ["minio", "s3"],
    ["s3", "minio"],
  ])("a task paused through %s: resumes through %s:", async (pausing, resuming) => {
    for (const store of minio) useEnvironment(store);
    const stores = new Map(minio.map((store) => [store.name, store]));
    const s3Url = new URL(stores.get("s3")?.url() ?? "");
    const minioUrl = new URL(stores.get("minio")?.url() ?? "");
    minioUrl.pathname = `/${s3Url.host}${s3Url.pathname}`;
    const urls: Record<string, string> = { s3: s3Url.href, minio: minioUrl.href };
    await using first = await openStore(urls[pausing] ?? "");
    await using second = await openStore(urls[resuming] ?? "");
    const [one, two] = [createPauseLedger(first), createPauseLedger(second)];

    await one.pause(pauseEnvelope({ headers: { "x-asya-a2a-task-id": "a2a-1" } }));
    const resume = resumeEnvelope({ headers: { "x-asya-resume-task": "a2a-1" } });
    const resumed = await two.resume(resume);
    expect(resumed.outcome).toBe("resumed");
    expect(await one.resume(resume)).toEqual({ ...resumed, outcome: "replayed" });
    await expect(one.resume({ ...resume, id: "another" })).rejects.toMatchObject({ code: "already-resumed" });
    expect(await one.pause(pauseEnvelope({ headers: { "x-asya-a2a-task-id": "a2a-1" } }))).toMatchObject({
      outcome: "stale",
    });
  });
});

/** Sets what a store's URL needs, for this process and those that it starts, until the test ends. */
function useEnvironment({ environment }: StoreUnderTest, emulator?: string): void {
  for (const [name, value] of Object.entries(environment)) {
    vi.stubEnv(name, name === "STORAGE_EMULATOR_HOST" ? (emulator ?? value) : value);
  }
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** The guide's route with two pause points, in real processes. */
async function expectWorkflow(url: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const variables = { ...environment, ASYA_CHECKPOINT_STORE: url };
  await using mesh = await createLocalMesh({
    startTimeoutMs: 60_000,
    nonRetryableErrors: ["AlreadyResumedError"],
    actors: {
      "x-pause": crewActor("x-pause", variables),
      "x-resume": crewActor("x-resume", { ...variables, ASYA_RESUME_MERGE_MODE: "deep" }),
      "step-2": async ({ payload }) => ({ payload: { ...(payload as object), two: true } }),
      "step-3": async ({ payload }) => ({ payload: { ...(payload as object), three: true } }),
    },
  });
  const sent = mesh.send(["x-pause", "step-2", "x-pause", "step-3"], { start: true, rounds: { zero: 0 } });
  const { id } = sent.envelope;
  expect(await sent.outcome).toMatchObject({ kind: "paused", reported: true });

  await mesh.kill("SIGKILL");
  await mesh.restart();
  const first = mesh.resume(id, { rounds: { one: 1 } });
  expect(await first.outcome).toMatchObject({ kind: "paused", actor: "x-pause", reported: true });

  await mesh.kill("SIGKILL");
  await mesh.restart();
  // The task waits under the answer's id by now, so its first pause has no effect, and the answer tells what waits.
  expect(await mesh.deliver(sent.envelope).outcome).toMatchObject({ kind: "finished", reported: false });
  expect(await mesh.deliver(first.envelope).outcome).toMatchObject({ kind: "paused", reported: true });

  const second = mesh.resume(id, { rounds: { two: 2 } });
  const finished = await second.outcome;
  expect(finished).toMatchObject({
    kind: "finished",
    envelope: { payload: { start: true, two: true, three: true, rounds: { zero: 0, one: 1, two: 2 } } },
  });
  expect(await mesh.deliver(second.envelope).outcome).toMatchObject({
    kind: "finished",
    envelope: { payload: finished.envelope.payload },
  });
  expect(await mesh.resume(id, { rounds: { three: 3 } }).outcome).toMatchObject({
    kind: "failed",
    error: { type: "AlreadyResumedError" },
  });
}
