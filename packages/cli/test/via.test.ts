import { createPauseActor, createResumeActor } from "@holdpoint/actors";
import { createLocalMesh, serveGateway } from "@holdpoint/actors/mesh";
import type { GatewayGeneration, GatewayServer, LocalMesh } from "@holdpoint/actors/mesh";
import { findSentAnswers } from "@holdpoint/asya/gateway";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { pauseEnvelope } from "../../asya/test/ledger-fixture.ts";
import type { Workplace } from "./run-cli.ts";
import { jsonLines, openWorkplace } from "./run-cli.ts";

const metadata = {
  prompt: "Approve?",
  fields: [
    { name: "approved", type: "boolean" as const },
    { name: "level", type: "number" as const, default: 3 },
  ],
};
const key = "hunter2-key";

let workplace: Workplace;
let mesh: LocalMesh;
let gateway: GatewayServer;
const environment = { HOLDPOINT_GATEWAY_KEY: key };

async function start(generation: GatewayGeneration): Promise<void> {
  workplace = await openWorkplace();
  const { ledger } = workplace;
  mesh = await createLocalMesh({
    gateway: generation,
    backoffMs: 1,
    actors: {
      "x-pause": createPauseActor({ ledger, metadata }),
      "x-resume": createResumeActor({ ledger }),
      worker: async ({ payload }) => ({ payload }),
    },
  });
  gateway = await serveGateway(mesh, { apiKey: key });
  for (const id of ["task-1", "task-2"]) await mesh.send(["x-pause", "worker"], { n: 1 }, { id }).outcome;
}
afterEach(async () => {
  await gateway.close();
  await mesh.close();
  await workplace[Symbol.asyncDispose]();
});

const stateOf = async (id: string): Promise<string | undefined> => (await workplace.ledger.inspect(id))?.state;
const version = async (): Promise<string | undefined> => (await workplace.ledger.inspect("task-1"))?.version;

describe.each(["a2a", "newest"] as const)("through a gateway of the generation %s", (generation) => {
  beforeEach(async () => await start(generation));

  it("an answer is checked, sent with its defaults, and followed to the end", async () => {
    const approve = ["resume", "task-1", "--field", "approved=true", "--by", "ada", "--via", gateway.url];
    const { exitCode, stdout, stderr } = await workplace.cli(approve, { environment });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^The answer to task-1 was taken by the gateway at http:\S+\.\n$/u);
    await expect.poll(async () => await stateOf("task-1")).toBe("resumed");
    const task = await workplace.ledger.inspect("task-1");
    expect(task).toMatchObject({ input: { approved: true, level: 3 } });
    if (task !== null) expect(await findSentAnswers(workplace.store, task)).toMatchObject([{ by: "ada" }]);
    // Whoever comes second sees what was answered, and by whom: the gateway's message has no name.
    const second = ["resume", "task-1", "--field", "approved=false", "--by", "bob"];
    for (const via of [[], ["--via", gateway.url]]) {
      const again = await workplace.cli([...second, ...via], { environment });
      expect(again).toMatchObject({ exitCode: 4, stdout: "", stderr: expect.stringContaining("task not paused") });
      expect(again.stderr).toContain('The answer was {"approved":true,"level":3}, sent through the gateway by "ada".');
    }
    expect((await workplace.cli(["show", "task-1"])).stdout).toMatch(
      /^ {2}sent {5}this answer, through the gateway, by "ada" \S+Z \(\d+ s ago\)$/mu,
    );
    const shown = await workplace.cli(["show", "task-1", "--json"]);
    expect(jsonLines(shown.stdout)).toMatchObject([{ sentAnswers: [{ by: "ada", at: expect.any(String) }] }]);
  });

  it("an answer that does not fit changes nothing on either side", async () => {
    const before = await version();
    const [wrong, missing, point, ...useless] = await Promise.all([
      workplace.cli(["resume", "task-1", "-f", "approved=yes", "--via", gateway.url], { environment }),
      workplace.cli(["resume", "task-1", "--via", gateway.url], { environment }),
      workplace.cli(["resume", "task-1", "-f", "approved=true", "--pause-point", "2", "--via", gateway.url], {
        environment,
      }),
      workplace.cli(["resume", "task-1", "--message-id", "m", "--via", gateway.url], { environment }),
      workplace.cli(["resume", "task-1", "--via", gateway.url, "--", "cat"], { environment }),
    ]);
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("approved is a string") });
    expect(missing).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("approved is required") });
    expect(point).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("at pause point 1, not 2") });
    for (const each of useless)
      expect(each).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("no use for") });
    expect([await version(), mesh.gateway.record("task-1")?.status]).toEqual([before, "paused"]);
  });

  it("a text is read as its field declares, where that is asked for", async () => {
    const call = ["resume", "task-1", "-i", "-", "--via", gateway.url];
    const input = '{"approved":"true","level":"5"}';
    expect(await workplace.cli(call, { environment, input })).toMatchObject({ exitCode: 2 });
    const coerced = await workplace.cli([...call, "--validation", "coerce", "--json"], { environment, input });
    expect(jsonLines(coerced.stdout)).toMatchObject([
      { outcome: "sent", taskId: "task-1", before: { id: "task-1", state: "paused" } },
    ]);
    await expect.poll(async () => await stateOf("task-1")).toBe("resumed");
    expect(await workplace.ledger.inspect("task-1")).toMatchObject({ input: { approved: true, level: 5 } });
  });

  it("a cancel is one on both sides, and again no error", async () => {
    const cancel = ["cancel", "task-1", "--reason", "duplicate", "--via", gateway.url];
    expect(await workplace.cli(cancel, { environment })).toEqual({
      exitCode: 0,
      stdout: "task-1 is canceled, in the gateway too.\n",
      stderr: "",
    });
    expect([await stateOf("task-1"), mesh.gateway.record("task-1")?.status]).toEqual(["canceled", "canceled"]);
    const again = await workplace.cli([...cancel, "--json"], { environment });
    expect(jsonLines(again.stdout)).toEqual([
      { outcome: "already-canceled", taskId: "task-1", gateway: "already-ended" },
    ]);
    // What only the store had canceled is made good.
    await workplace.ledger.cancel("task-2", { by: "ops" });
    expect(await workplace.cli(["cancel", "task-2", "--via", gateway.url], { environment })).toMatchObject({
      exitCode: 0,
      stdout: "task-2 was canceled before, in the gateway too.\n",
    });
    expect(mesh.gateway.record("task-2")?.status).toBe("canceled");
  });

  it("nothing is canceled where the gateway does not know the task, or cannot be reached", async () => {
    await workplace.ledger.pause(pauseEnvelope({ id: "stranger" }));
    const [unknown, unreachable, unauthorized] = await Promise.all([
      workplace.cli(["cancel", "stranger", "--via", gateway.url], { environment }),
      workplace.cli(["cancel", "task-1", "--via", "http://127.0.0.1:9/a2a/"], { environment }),
      workplace.cli(["cancel", "task-1", "--via", gateway.url]),
    ]);
    expect(unknown).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("nothing was changed") });
    expect(unreachable).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("cannot be reached") });
    expect(unauthorized).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("HOLDPOINT_GATEWAY_KEY") });
    expect([await stateOf("stranger"), await stateOf("task-1")]).toEqual(["paused", "paused"]);
  });
});

it("an address that holds a password is refused, and not repeated, before anybody is asked", async () => {
  await start("a2a");
  for (const address of ["http://user:hunter2@gateway/a2a/", "http://gateway/?token=hunter2", "gateway hunter2"]) {
    for (const command of ["resume", "cancel"]) {
      for (const json of [[], ["--json"]]) {
        const { exitCode, stdout, stderr } = await workplace.cli([command, "task-1", "--via", address, ...json]);
        expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
        expect(stderr).toContain("The gateway's address cannot be used");
        expect(stderr).not.toContain("hunter2");
      }
    }
  }
});
