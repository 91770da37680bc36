import { createPauseActor, createResumeActor } from "@holdpoint/actors";
import { createLocalMesh, serveGateway } from "@holdpoint/actors/mesh";
import { createPauseLedger } from "@holdpoint/asya";
import type { Envelope, PauseLedger, PauseMetadata } from "@holdpoint/asya";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";

import { pauseEnvelope } from "../../asya/test/ledger-fixture.ts";
import type { Workplace } from "./run-cli.ts";
import { jsonLines, openWorkplace } from "./run-cli.ts";

const fields = [{ name: "approved", type: "boolean" as const }];
const rejects: PauseMetadata = { prompt: "Refund?", fields, expires_in: 60, on_expiry: { approved: false } };
const cancels: PauseMetadata = { prompt: "Refund?", fields, expires_in: 60 };

let workplace: Workplace;
/** The ledger as it was ten minutes ago. */
let then: PauseLedger;

beforeEach(async () => {
  workplace = await openWorkplace();
  then = createPauseLedger(workplace.store, { now: () => new Date(Date.now() - 600_000) });
});
afterEach(async () => await workplace[Symbol.asyncDispose]());

const stateOf = async (id: string): Promise<string | undefined> => (await workplace.ledger.inspect(id))?.state;
const left = { due: 1, canceled: 0, sent: 0, printed: 0, left: 0 };

it("a task without an answer for that is canceled, once, and it is said who did and why", async () => {
  await then.pause(pauseEnvelope(), { metadata: cancels });
  await workplace.ledger.pause(pauseEnvelope({ id: "waits" }), { metadata: cancels });
  await workplace.ledger.pause(pauseEnvelope({ id: "for-ever" }));
  const [dry, ls, show] = await Promise.all(
    [["expire", "--dry-run"], ["ls"], ["show", "task-1"]].map(async (each) => await workplace.cli(each)),
  );
  expect(dry?.stdout).toContain("\nThe time of 1 tasks is over.\n");
  expect(ls?.stdout).toMatch(/task-1 .*due: holdpoint expire/u);
  expect(show?.stdout).toMatch(/expires {2}20\S+ \(\d+ min ago\), then canceled; its time is over/u);
  const { stdout, exitCode } = await workplace.cli(["expire"]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain("\nThe time of 1 tasks is over: canceled 1, answers sent 0, printed 0.\n");
  expect(await workplace.ledger.inspect("task-1")).toMatchObject({
    state: "canceled",
    endedBy: expect.stringContaining("@") as unknown,
    reason: expect.stringMatching(/^nobody answered until 20/u) as unknown,
  });
  expect([await stateOf("waits"), await stateOf("for-ever")]).toEqual(["paused", "paused"]);
  expect((await workplace.cli(["expire"])).stdout).not.toContain("tasks");
});

it("an answer is no reader's to give: without a way it is left, and said", async () => {
  await then.pause(pauseEnvelope(), { metadata: rejects });
  const { stdout, stderr, exitCode } = await workplace.cli(["expire", "--json"]);
  expect(exitCode).toBe(0);
  expect(jsonLines(stdout)).toMatchObject([{ tasks: { ...left, left: 1 } }]);
  expect(stderr).toContain("--via, or take them with --print");
  expect(await stateOf("task-1")).toBe("paused");
});

it("an answer is printed as the message that x-resume takes, the same one each time, and counts once", async () => {
  await then.pause(pauseEnvelope(), { metadata: rejects });
  const [first, second] = [await workplace.cli(["expire", "--print"]), await workplace.cli(["expire", "--print"])];
  expect(first.stderr).toContain("printed 1");
  const [message] = jsonLines(first.stdout) as readonly unknown[] as readonly Envelope[];
  const [again] = jsonLines(second.stdout) as readonly unknown[] as readonly Envelope[];
  if (message === undefined || again === undefined) throw new Error("Nothing was printed.");
  expect(message).toMatchObject({
    route: { curr: "x-resume" },
    headers: { "x-asya-resume-task": "task-1" },
    payload: { approved: false },
  });
  expect((await workplace.ledger.resume(message)).outcome).toBe("resumed");
  expect((await workplace.ledger.resume(again)).outcome).toBe("replayed");
  expect((await workplace.cli(["expire", "--print"])).stdout).toBe("");
});

it("an answer that does not fit what is asked is named, and the others go on", async () => {
  await then.pause(pauseEnvelope(), { metadata: { ...rejects, on_expiry: { approved: "no" } } });
  await then.pause(pauseEnvelope({ id: "task-2" }), { metadata: rejects });
  const { stdout, stderr, exitCode } = await workplace.cli(["expire", "--print"]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/task-1: The input does not fit what was asked: approved is a string/u);
  expect(jsonLines(stdout)).toHaveLength(1);
});

it.each([[["--via", "http://127.0.0.1:1"]], [["--json"]]])("--print excludes %j", async (more) => {
  const { exitCode, stderr } = await workplace.cli(["expire", "--print", ...more]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("--print");
});

describe.each(["a2a", "newest"] as const)("through a gateway of the generation %s", (generation) => {
  it("tasks are answered and canceled as their gateway shows them", async () => {
    const mesh = await createLocalMesh({
      gateway: generation,
      backoffMs: 1,
      actors: {
        "x-pause": createPauseActor({ ledger: then, metadata: rejects }),
        "x-pause-canceling": createPauseActor({ ledger: then, metadata: cancels }),
        "x-resume": createResumeActor({ ledger: workplace.ledger }),
        worker: async ({ payload }) => ({ payload }),
      },
    });
    const gateway = await serveGateway(mesh);
    onTestFinished(async () => {
      await gateway.close();
      await mesh.close();
    });
    await mesh.send(["x-pause", "worker"], { n: 1 }, { id: "answered" }).outcome;
    await mesh.send(["x-pause-canceling", "worker"], { n: 1 }, { id: "canceled" }).outcome;
    const { stdout, stderr, exitCode } = await workplace.cli(["expire", "--via", gateway.url, "--json"]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(jsonLines(stdout)).toMatchObject([{ tasks: { due: 2, canceled: 1, sent: 1, printed: 0, left: 0 } }]);
    await expect.poll(async () => await stateOf("answered")).toBe("resumed");
    expect(await workplace.ledger.inspect("answered")).toMatchObject({ input: { approved: false } });
    expect(await stateOf("canceled")).toBe("canceled");
    expect(mesh.gateway.record("canceled")).toMatchObject({ status: "canceled" });
  });
});
