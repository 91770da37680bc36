import { expect, it } from "vitest";

import { pauseEnvelope } from "../../asya/test/ledger-fixture.ts";
import { jsonLines, openWorkplace } from "./run-cli.ts";

const at = (day: number) => ({
  status: { created_at: `2026-01-0${day}T00:00:00Z` },
  payload: { day },
});

it("a task that a newer one has displaced is listed, shown, resumed, canceled and pruned", async () => {
  await using workplace = await openWorkplace();
  const { ledger } = workplace;
  const cli = async (parameters: readonly string[]) => await workplace.cli([...parameters]);
  for (const day of [1, 2, 3]) await ledger.pause(pauseEnvelope(at(day)));
  const listed = jsonLines((await cli(["ls", "--json"])).stdout);
  const displaced = listed.filter((task) => task["displacedFrom"] === "task-1").map(({ taskId }) => String(taskId));
  expect([listed.length, displaced.length]).toEqual([3, 2]);
  expect((await cli(["ls"])).stdout).toContain("(displaced from task-1)");

  const [one = "", two = ""] = displaced;
  const shown = await cli(["show", one]);
  expect(shown.stdout).toContain("task-1, until another message with this id took its place");
  expect(shown.stdout).toMatch(/kept as {2}superseded\/task-1\/[0-9a-f]{32}\.json at /u);
  expect(JSON.parse((await cli(["show", one, "--json"])).stdout)).toMatchObject({ taskId: one, state: "paused" });

  const resumed = await cli(["resume", one, "--yes"]);
  expect({ exitCode: resumed.exitCode, stderr: resumed.stderr }).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(resumed.stdout)).toMatchObject({ payload: { day: expect.any(Number) as number } });
  expect((await cli(["cancel", two, "--yes"])).exitCode).toBe(0);
  expect((await cli(["prune", "--older-than", "0s"])).stdout).toContain("removed 2");
  expect(jsonLines((await cli(["ls", "--json", "--state", "all"])).stdout)).toMatchObject([
    { taskId: "task-1", state: "paused" },
  ]);
});
