import { describe, expect, it } from "vitest";

import { TaskRecord } from "./task-record.ts";

describe("TaskRecord", () => {
  it("takes the same message again for one", () => {
    const record = new TaskRecord();
    record.answer("yes");
    expect(record.pass(0, "yes", "message")).toBe("first");
    expect(record.pass(0, "yes", "message")).toBe("same");
    record.end("payload");
    record.end("payload");
    expect(record).toMatchObject({ doubled: 0, hasEnded: true, passedCount: 1 });
  });

  it("counts a pause point that let two messages go on", () => {
    const record = new TaskRecord();
    record.answer("yes");
    record.answer("no");
    record.pass(0, "yes", "message");
    expect(record.pass(0, "no", "another message")).toBe("another");
    expect(record.doubled).toBe(1);
  });

  it("counts an answer that left two pause points, unless it was given at both", () => {
    const record = new TaskRecord();
    record.answer("yes");
    record.pass(0, "yes", "message");
    expect(record.pass(1, "yes", "next message")).toBe("first, by an answer that was used up");
    expect(record.doubled).toBe(1);

    const twice = new TaskRecord();
    twice.answer("yes");
    twice.pass(0, "yes", "message");
    twice.answer("yes");
    expect(twice.pass(1, "yes", "next message")).toBe("first");
    expect(twice.doubled).toBe(0);
  });

  it("counts two ends where nothing else tells", () => {
    const record = new TaskRecord();
    record.answer("yes");
    record.pass(0, "yes", "message");
    record.end("payload");
    record.end("another payload");
    expect(record.doubled).toBe(1);
  });
});
