import { createMemoryStore } from "@holdpoint/core";
import type { JsonObject } from "@holdpoint/core";
import { isNestedDeeper, parseLosslessJson } from "@holdpoint/core/json";
import { expect, test } from "vitest";

import { maxMessageLevels } from "./message-nesting.ts";
import { createPauseLedger } from "./create-pause-ledger.ts";
import { parsePauseMetadata } from "./parse-pause-metadata.ts";

const arrays = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const objects = (levels: number, inner: string): string => `${'{"a":'.repeat(levels)}${inner}${"}".repeat(levels)}`;

function messageWith(
  payload: JsonObject,
  id = "task-1",
): {
  readonly id: string;
  readonly payload: JsonObject;
  readonly route: { prev: string[]; curr: string; next: string[] };
} {
  return { id, route: { prev: [], curr: "x", next: ["next"] }, payload };
}

test.each([
  [arrays(3), 2, true],
  [arrays(3), 3, false],
  [objects(2, arrays(2)), 3, true],
  [objects(2, arrays(2)), 4, false],
  ['[1,"text",null,true]', 1, false],
  ["null", 0, false],
  ["[]", 0, true],
])("%s has more than %i levels: %s", (json, levels, isDeeper) => {
  expect(isNestedDeeper(JSON.parse(json), levels)).toBe(isDeeper);
});

test("a message that is nested as deep as is allowed is paused, answered as deep, and resumed", async () => {
  await using store = await createMemoryStore();
  const ledger = createPauseLedger(store);
  const payload = JSON.parse(objects(maxMessageLevels, "1")) as JsonObject;
  await ledger.pause(messageWith(payload));
  const { message } = await ledger.resume(messageWith(payload, "resume-task-1"), { mergeMode: "deep" });
  expect(JSON.stringify(message.payload)).toBe(JSON.stringify(payload));
  expect((await ledger.inspect("task-1"))?.state).toBe("resumed");
});

test.each([901, 5_000, 100_000])(
  "one of %i levels is refused, as a message to pause and as an answer",
  async (levels) => {
    await using store = await createMemoryStore();
    const ledger = createPauseLedger(store);
    const payload = JSON.parse(objects(levels, "1")) as JsonObject;
    const refused = { code: "invalid-message", message: expect.stringContaining("more than 900 levels") as unknown };
    await expect(ledger.pause(messageWith(payload))).rejects.toMatchObject(refused);
    await expect(ledger.pause({ ...messageWith({}), headers: payload })).rejects.toMatchObject(refused);
    expect(await store.get("paused/task-1.json")).toBeNull();
    await ledger.pause(messageWith({}));
    await expect(ledger.resume(messageWith(payload, "resume-task-1"))).rejects.toMatchObject(refused);
    expect((await ledger.inspect("task-1"))?.state).toBe("paused");
  },
);

test("an answer that only makes the message too deep is refused, and the task stays paused", async () => {
  await using store = await createMemoryStore();
  const ledger = createPauseLedger(store);
  const deepKey = `/${"a/".repeat(200)}b`;
  const metadata = { prompt: "?", fields: [{ name: "value", type: "object" as const, payload_key: deepKey }] };
  await ledger.pause(messageWith({}), { metadata });
  const answer = messageWith({ value: JSON.parse(objects(850, "1")) as unknown }, "resume-task-1");
  await expect(ledger.resume(answer)).rejects.toMatchObject({ code: "invalid-input" });
  expect((await ledger.inspect("task-1"))?.state).toBe("paused");
});

test("a path without end in a stored document is refused", async () => {
  await using store = await createMemoryStore();
  const ledger = createPauseLedger(store);
  const field = { name: "value", payload_key: "/a".repeat(50_000) };
  const document = {
    id: "task-1",
    route: { prev: [], curr: "x", next: [] },
    headers: {},
    payload: {},
    _pause_metadata: { prompt: "?", fields: [field] },
  };
  await store.put("paused/task-1.json", new TextEncoder().encode(JSON.stringify(document)));
  await expect(ledger.resume(messageWith({ value: 1 }, "resume-task-1"))).rejects.toMatchObject({
    code: "invalid-input",
  });
});

test.each([
  ["arrays", arrays(100_000)],
  ["objects", objects(100_000, "1")],
  ["objects around a number that keeps its text", objects(100_000, "1.0")],
  ["an unfinished text", "[".repeat(100_000)],
])("a stored document of too many %s is corrupt, and stays", async (_name, json) => {
  await using store = await createMemoryStore();
  const ledger = createPauseLedger(store);
  const body = new TextEncoder().encode(
    `{"id":"task-1","route":{"prev":[],"curr":"x","next":[]},"headers":{},"payload":{"a":${json}}}`,
  );
  await store.put("paused/task-1.json", body);
  for (const attempt of [
    ledger.inspect("task-1"),
    ledger.resume(messageWith({}, "resume-task-1")),
    ledger.cancel("task-1"),
  ]) {
    await expect(attempt).rejects.toMatchObject({
      code: "corrupt",
      message: expect.stringContaining("left as it is") as unknown,
    });
  }
  expect((await store.get("paused/task-1.json"))?.body).toEqual(body);
});

test("a text that is nested too deep for its numbers to be kept is refused as such", () => {
  expect(() => parseLosslessJson(objects(100_000, "1.0"))).toThrow(new SyntaxError("the JSON is nested too deep"));
});

test("metadata that is nested too deep is refused", () => {
  expect(() => parsePauseMetadata(`{"prompt":"?","more":${arrays(100_000)}}`)).toThrow(
    "nested more than 900 levels deep",
  );
});
