import { afterEach, beforeEach, expect, it } from "vitest";

import { pauseEnvelope } from "../../asya/test/ledger-fixture.ts";
import type { Workplace } from "./run-cli.ts";
import { jsonLines, openWorkplace } from "./run-cli.ts";

let workplace: Workplace;

beforeEach(async () => {
  workplace = await openWorkplace();
});
afterEach(async () => await workplace[Symbol.asyncDispose]());

it.each(["-odd", "--json", "-y", "-", "--yes=no"])(
  "the id %s works after -- in show, resume and cancel",
  async (id) => {
    const { ledger } = workplace;
    await ledger.pause(pauseEnvelope({ id }), { metadata: { prompt: "?", fields: [] } });
    const shown = await workplace.cli(["show", "--json", "--", id]);
    expect(shown).toMatchObject({ exitCode: 0, stderr: "" });
    expect(jsonLines(shown.stdout)).toMatchObject([{ taskId: id, state: "paused" }]);

    const cat = "process.stdin.pipe(process.stdout)";
    const resumed = await workplace.cli(["resume", "--yes", "--", id, "--", process.execPath, "-e", cat]);
    expect(resumed.exitCode).toBe(0);
    expect(jsonLines(resumed.stdout)).toMatchObject([{ payload: { analysis: "fine" } }]);
    expect(await ledger.inspect(id)).toMatchObject({ state: "resumed" });

    const other = `${id}-2`;
    await ledger.pause(pauseEnvelope({ id: other }), { metadata: { prompt: "?", fields: [] } });
    expect(await workplace.cli(["cancel", "--yes", "--", other])).toMatchObject({ exitCode: 0 });
    expect(await ledger.inspect(other)).toMatchObject({ state: "canceled" });
  },
);

it("a command without dashes of its own is refused, and the error says where such an id stands", async () => {
  const { ledger } = workplace;
  await ledger.pause(pauseEnvelope({ id: "-odd" }), { metadata: { prompt: "?", fields: [] } });
  for (const command of ["show", "resume", "cancel"]) {
    const { exitCode, stderr } = await workplace.cli([command, "-odd"]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining("an id that begins with - stands after --") as string,
    });
  }
  expect(await workplace.cli(["resume", "--yes", "--", "-odd", "approved=true"])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("approved=true") as string,
  });
  expect(await ledger.inspect("-odd")).toMatchObject({ state: "paused" });
});
