import { expect, it } from "vitest";

import { createActorLog, extendLog } from "./actor-log.ts";

it("writes one JSON object a line, and a line's own field wins over a common one", () => {
  const lines: string[] = [];
  const log = extendLog(createActorLog({ actor: "a" }, { write: (line) => lines.push(line) }), { taskId: "t" });
  log.info("first\nevent", { durationMs: 3 });
  log.error("second", { taskId: "u" });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      time: expect.stringMatching(/Z$/u) as string,
      level: "info",
      actor: "a",
      event: "first\nevent",
      taskId: "t",
      durationMs: 3,
    },
    { time: expect.any(String) as string, level: "error", actor: "a", event: "second", taskId: "u" },
  ]);
  expect(lines.join("")).not.toContain("\n");
});

it("holds nothing that a terminal acts on, or that some programs take for the end of a line", () => {
  const lines: string[] = [];
  const taskId = "a\r\n\u001b[2J\u009b31m\u0085\u2028\u202eb\u007f";
  createActorLog({ actor: "a" }, { write: (line) => lines.push(line) }).info("pause", { taskId });
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/[\p{Cc}\u2028-\u202e]/u);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ taskId });
});

it("never fails, and keeps its own fields", () => {
  const lines: string[] = [];
  const log = createActorLog({ actor: "a" }, { write: (line) => lines.push(line) });
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  log.info("big", { count: 1n, event: "another", level: "none" });
  log.warn("circle", { circle });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: "info", actor: "a", event: "big", count: "1" },
    { level: "warn", actor: "a", event: "circle", fields: "not JSON" },
  ]);
});
