import { afterAll, beforeAll, expect, it } from "vitest";

import { atNextPause, pauseEnvelope, resumeEnvelope } from "../../asya/test/ledger-fixture.ts";
import type { Workplace } from "./run-cli.ts";
import { jsonLines, openWorkplace } from "./run-cli.ts";

let workplace: Workplace;

beforeAll(async () => {
  workplace = await openWorkplace();
  const { ledger } = workplace;
  const headers = { "x-asya-a2a-task-id": "a2a-7" };
  await ledger.pause(pauseEnvelope({ headers }));
  const resume = resumeEnvelope();
  const { message } = await ledger.resume(resume, { by: "ann" });
  const metadata = {
    prompt: "Review this\nonce more",
    fields: [
      { name: "approved", type: "boolean" as const, prompt: "Approve?" },
      { name: "level", type: "string" as const, options: ["low", "high"], default: "low", required: false },
    ],
  };
  await ledger.pause(atNextPause(resume, { ...message, next: ["fix", "x-pause", "publisher"] }), { metadata });
});
afterAll(async () => await workplace[Symbol.asyncDispose]());

it("shows a task to a person", async () => {
  const { exitCode, stdout, stderr } = await workplace.cli(["show", "task-1"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const time = String.raw`\S+Z \(\d+ s ago\)`;
  expect(stdout).toMatch(
    new RegExp(
      [
        "^task-1  waits for an answer",
        String.raw`  kept as  paused/task-1\.json at file://\S+`,
        `  paused   ${time}, pause point 2`,
        "  asked    Review this",
        "           once more",
        "  fields",
        String.raw`    approved \(boolean, required\): Approve\?`,
        String.raw`    level \(string, optional, default "low", one of "low", "high"\)`,
        "  history",
        String.raw`    1\. paused ${time}, resumed by "ann" ${time}`,
        '  route    \\{"prev":.*"next":\\["x-resume","publisher"\\]\\}',
        "  headers",
      ].join("\n"),
      "u",
    ),
  );
});

it("warns of a pause point that nothing follows", async () => {
  const route = { prev: ["agent"], curr: "x-pause", next: [] };
  await workplace.ledger.pause(pauseEnvelope({ id: "the-end", route }));
  const [end, other] = await Promise.all(["the-end", "task-1"].map((id) => workplace.cli(["show", id])));
  expect(end?.stdout).toContain("Nothing follows: once it is answered, the task ends.");
  expect(other?.stdout).not.toContain("Nothing follows");
});

it.each(["task-1", "a2a-7", "resume-task-1", "resume-message-1"])("finds the task by the id %s", async (id) => {
  const { stdout } = await workplace.cli(["show", id, "--json"]);
  expect(jsonLines(stdout)).toEqual([
    expect.objectContaining({
      taskId: "task-1",
      state: "paused",
      sequence: 2,
      store: workplace.store.location,
      version: expect.any(String),
      metadata: expect.objectContaining({ prompt: "Review this\nonce more" }),
      message: expect.objectContaining({ payload: { analysis: "fine", approved: true } }),
      history: [expect.objectContaining({ sequence: 1, resumedBy: "ann" })],
    }),
  ]);
});

it("tells what was looked for, and what cannot be read", async () => {
  await workplace.store.put("paused/broken.json", new TextEncoder().encode("[]"));
  const [missing, broken, inJson] = await Promise.all([
    workplace.cli(["show", "nobody"]),
    workplace.cli(["show", "broken"]),
    workplace.cli(["show", "nobody", "--json"]),
  ]);
  expect(missing).toMatchObject({ exitCode: 3, stdout: "", stderr: expect.stringContaining('"paused/nobody.json"') });
  expect(broken).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringContaining("is not a JSON object") });
  expect(jsonLines(inJson.stderr)).toEqual([
    { error: { code: "not-found", exitCode: 3, message: expect.stringContaining("nobody") } },
  ]);
});
