import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { atNextPause, pauseEnvelope } from "../../asya/test/ledger-fixture.ts";
import type { Workplace } from "./run-cli.ts";
import { executable, jsonLines, openWorkplace, run } from "./run-cli.ts";

const metadata = {
  prompt: "Approve?",
  fields: [
    { name: "approved", type: "boolean" as const },
    { name: "level", type: "number" as const, default: 3, options: [1, 2, 3] },
    { name: "notes", type: "string" as const, payload_key: "/review/notes", required: false },
    { name: "tags", type: "array" as const, required: false },
  ],
};
const approve = ["resume", "task-1", "--field", "approved=true", "--by", "ann"];

let workplace: Workplace;

beforeEach(async () => {
  workplace = await openWorkplace();
  await workplace.ledger.pause(pauseEnvelope(), { metadata });
});
afterEach(async () => await workplace[Symbol.asyncDispose]());

describe("holdpoint resume", () => {
  it("writes the restored message as one envelope, ready for the next actor", async () => {
    const { exitCode, stdout, stderr } = await workplace.cli([...approve, "-f", "notes=a=b", "-f", 'tags=["x"]']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(jsonLines(stdout)).toEqual([
      {
        id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/u),
        route: { prev: ["x-resume"], curr: "summarizer", next: [] },
        headers: { traceparent: "00-abc", "x-holdpoint-trail": expect.objectContaining({ task: "task-1" }) },
        payload: { analysis: "fine", approved: true, level: 3, review: { notes: "a=b" }, tags: ["x"] },
      },
    ]);
    expect(await workplace.ledger.inspect("task-1")).toMatchObject({ state: "resumed", endedBy: "ann" });
  });

  it("reads a field as the schema says where no fields are declared", async () => {
    const schema = { properties: { amount: { type: "integer" }, region: { type: "string" } }, required: ["amount"] };
    await workplace.ledger.pause(pauseEnvelope({ id: "b" }), { metadata: { prompt: "?", fields: [], schema } });
    const given = await workplace.cli(["resume", "b", "-f", "amount=5", "-f", "region=7", "-f", "other=1"]);
    expect(given).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await workplace.ledger.inspect("b"))?.input).toEqual({ amount: 5, region: "7", other: "1" });
  });

  it("gives the same call the same message again, and refuses every other", async () => {
    const [first, ...others] = await Promise.all(
      ["ann", "ben", "cas"].map((by) => workplace.cli([...approve.slice(0, -1), by])),
    ).then((ended) => ended.toSorted((left, right) => (left.exitCode ?? 0) - (right.exitCode ?? 0)));
    expect(first?.exitCode).toBe(0);
    for (const { exitCode, stdout, stderr } of others) {
      expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: "" });
      expect(stderr).toMatch(/already resumed by "(ann|ben|cas)" at 20/u);
    }
    const by = (await workplace.ledger.inspect("task-1"))?.endedBy ?? "";
    const [again, otherwise] = await Promise.all([
      workplace.cli([...approve.slice(0, -1), by]),
      workplace.cli(["resume", "task-1", "--field", "approved=false", "--by", by]),
    ]);
    expect(again).toEqual({ exitCode: 0, stdout: first?.stdout, stderr: expect.stringContaining("its message again") });
    expect(otherwise).toMatchObject({ exitCode: 4, stdout: "" });
  });

  it("names every fault of an input, and the task stays paused", async () => {
    const wrong = ["-f", "approved=perhaps", "-f", "level=9", "-f", "colour=red"];
    const { exitCode, stdout, stderr } = await workplace.cli(["resume", "task-1", ...wrong]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(
      /approved is a string; expected boolean; level is not one of 1, 2, 3; colour is not one of/u,
    );
    expect(await workplace.ledger.inspect("task-1")).toMatchObject({ state: "paused" });
    const unchecked = await workplace.cli(["resume", "task-1", ...wrong, "--no-validation"]);
    expect(unchecked).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("no field declares it: colour") });
  });

  it("takes its input from a file or a pipe, with numbers that no double holds", async () => {
    const order = { fields: [{ name: "order", type: "number" as const }], prompt: "Which?" };
    for (const id of ["a", "b"]) await workplace.ledger.pause(pauseEnvelope({ id }), { metadata: order });
    const file = join(workplace.directory, "answer.json");
    // With the mark of UTF-8 that some editors put before a text.
    await writeFile(file, '\u{FEFF}{"order":12345678901234567890}');
    const [fromFile, fromPipe, missing, noObject] = await Promise.all([
      workplace.cli(["resume", "a", "--input", file]),
      workplace.cli(["resume", "b", "--input", "-"], { input: '{"order":1.0}' }),
      workplace.cli(["resume", "task-1", "--input", `${file}.not`]),
      workplace.cli(["resume", "task-1", "--input", "-"], { input: "[1]" }),
    ]);
    expect(fromFile.stdout).toContain('"order":12345678901234567890');
    expect(fromPipe.stdout).toContain('"order":1.0');
    expect(missing).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("ENOENT") });
    expect(noObject).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("not a JSON object") });
  });

  it("answers the pause point that is meant, and no later one", async () => {
    const first = await workplace.cli(["resume", "task-1", "-f", "approved=true", "--by", "ann", "--pause-point", "1"]);
    const [{ id = "", headers = {}, payload = {} } = {}] = jsonLines(first.stdout);
    const restored = { next: ["x-pause", "end"], headers: headers as object, payload: payload as object };
    await workplace.ledger.pause(
      atNextPause(
        { ...pauseEnvelope(), id: String(id) },
        { ...restored, headers: { ...restored.headers }, payload: { ...restored.payload } },
      ),
      { metadata },
    );
    const [late, byMessageId] = await Promise.all([
      workplace.cli([...approve, "--pause-point", "1"]),
      workplace.cli(["show", String(id), "--json"]),
    ]);
    expect(late).toMatchObject({ exitCode: 4, stdout: "", stderr: expect.stringContaining("at pause point 2, not 1") });
    expect(jsonLines(byMessageId.stdout)).toMatchObject([
      { taskId: "task-1", state: "paused", sequence: 2, history: [{ resumedBy: "ann" }] },
    ]);
    const second = await workplace.cli([...approve, "--pause-point", "2"]);
    expect(second.exitCode).toBe(0);
    expect(jsonLines(second.stdout)[0]?.["id"]).not.toBe(id);
  });

  it("merges as x-resume is configured to", async () => {
    const free = { prompt: "?", fields: [] };
    const payload = { review: { by: "ann" } };
    for (const id of ["a", "b"]) await workplace.ledger.pause(pauseEnvelope({ id, payload }), { metadata: free });
    const input = '{"review":{"notes":"fine"}}';
    const environment = { ASYA_RESUME_MERGE_MODE: "deep" };
    const [deep, shallow, wrong] = await Promise.all([
      workplace.cli(["resume", "a", "-i", "-"], { input, environment }),
      workplace.cli(["resume", "b", "-i", "-", "--merge", "shallow"], { input, environment }),
      workplace.cli(["resume", "task-1"], { environment: { ASYA_RESUME_MERGE_MODE: "wild" } }),
    ]);
    expect(jsonLines(deep.stdout)[0]?.["payload"]).toEqual({ review: { by: "ann", notes: "fine" } });
    expect(jsonLines(shallow.stdout)[0]?.["payload"]).toEqual({ review: { notes: "fine" } });
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("ASYA_RESUME_MERGE_MODE") });
  });
});

describe("handing over", () => {
  it("gives the message to a command, and says if that fails", async () => {
    const failing = await workplace.cli([...approve, "--", "sh", "-c", "cat >&2; exit 7"]);
    expect(failing).toMatchObject({ exitCode: 5, stdout: "" });
    const [envelope, ...rest] = failing.stderr.split("\n");
    expect(rest.join("\n")).toMatch(/The task is claimed, but the command "sh" .* exit code 7\. The same call again/u);
    const [missing, works] = await Promise.all([
      workplace.cli([...approve, "--", "./no-such-program"]),
      workplace.cli([...approve, "--", "cat"]),
    ]);
    expect(missing).toMatchObject({ exitCode: 5, stderr: expect.stringContaining("could not be started") });
    expect(works).toMatchObject({ exitCode: 0, stdout: `${envelope}\n` });
  });

  it("loses nothing when the process is killed after the claim", async () => {
    const killed = await workplace.cli([...approve, "--", "sh", "-c", "kill -9 $PPID"]);
    expect(killed).toMatchObject({ exitCode: null, stdout: "" });
    expect(await workplace.ledger.inspect("task-1")).toMatchObject({ state: "resumed" });
    const again = await workplace.cli(approve);
    expect(jsonLines(again.stdout)).toMatchObject([{ payload: { approved: true } }]);
  });

  it("says so when nobody reads the message, or the disk is full", async () => {
    await workplace.ledger.pause(pauseEnvelope({ id: "b" }), { metadata });
    const call = `"${process.execPath}" "${executable}" ${approve.join(" ")}`;
    const { environment } = workplace;
    const [closed, full] = await Promise.all([
      run("bash", ["-c", `${call} | exec sleep 0; exit "\${PIPESTATUS[0]}"`], { environment }),
      run("bash", ["-c", `${call.replace("task-1", "b")} > /dev/full`], { environment }),
    ]);
    for (const ended of [closed, full]) {
      expect(ended).toMatchObject({ exitCode: 5, stderr: expect.stringContaining("The task is claimed, but") });
    }
    expect((await workplace.cli(approve)).exitCode).toBe(0);
  });

  it("ends the command with itself", async () => {
    const ended = await workplace.cli([...approve, "--", "sh", "-c", "kill -TERM $PPID; exec sleep 60"]);
    expect(ended).toMatchObject({ exitCode: 5, stderr: expect.stringContaining("was ended by SIGTERM") });
  });
});

describe("refusals", () => {
  it("tell what was looked for where there is no such task", async () => {
    const { exitCode, stderr } = await workplace.cli(["resume", "resume-nobody"]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('looked for "paused/resume-nobody.json" and "paused/nobody.json" at file://');
  });

  it("take no answer for a command", async () => {
    const { exitCode, stderr } = await workplace.cli(["resume", "task-1", "approved=true"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Unexpected "approved=true": an answer is written --field name=value');
    expect(await workplace.ledger.inspect("task-1")).toMatchObject({ state: "paused" });
  });

  it.each([
    ["a field without a value", ["-f", "approved"], "Expected name=value"],
    ["a field that is given twice", ["-f", "approved=true", "-f", "approved=false"], "is given twice"],
    ["a pause point that is no number", ["--pause-point", "first"], "Expected a whole number from 1"],
  ])("name %s", async (_name, parameters, problem) => {
    const { exitCode, stderr } = await workplace.cli(["resume", "task-1", ...parameters]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(problem) });
  });

  it("are JSON if asked for", async () => {
    await workplace.ledger.cancel("task-1", { by: "ops", reason: "line\nbreak" });
    const { exitCode, stdout, stderr } = await workplace.cli([...approve, "--json"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: "" });
    expect(jsonLines(stderr)).toEqual([
      { error: { code: "canceled", exitCode: 4, message: expect.stringContaining('canceled by "ops"') } },
    ]);
  });
});
