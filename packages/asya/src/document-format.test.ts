import { createMemoryStore } from "@holdpoint/core";
import { expect, test } from "vitest";

import { createPauseLedger } from "./create-pause-ledger.ts";

async function pausedText(): Promise<string> {
  await using store = await createMemoryStore();
  await createPauseLedger(store).pause({ id: "task-1", route: { prev: [], curr: "x", next: [] }, payload: {} });
  return new TextDecoder().decode((await store.get("paused/task-1.json"))?.body);
}

test.each([
  ["2", "upgrade"],
  ["2.0", "upgrade"],
  ["1e300", "upgrade"],
  ["12345678901234567890", "upgrade"],
  ["0", "format"],
  ["-1", "format"],
  ["1.5", "upgrade"],
  ['"1"', "format"],
  ["null", "format"],
  ["[]", "format"],
])("a document of the format %s is not read as one of this version", async (format, word) => {
  await using store = await createMemoryStore();
  const ledger = createPauseLedger(store);
  const body = new TextEncoder().encode((await pausedText()).replace('"format":1,', `"format":${format},`));
  await store.put("paused/task-1.json", body);
  await expect(ledger.inspect("task-1")).rejects.toMatchObject({
    code: "corrupt",
    message: expect.stringContaining(word) as unknown,
  });
  await expect(ledger.cancel("task-1")).rejects.toMatchObject({ code: "corrupt" });
  expect((await store.get("paused/task-1.json"))?.body).toEqual(body);
});

test.each([
  ['["x-resume"]', "route: expected an object"],
  ["{}", "route: expected next"],
  ['{"prev":[],"curr":"x"}', "route: expected next"],
  ['"quarterly figures"', "route: expected an object"],
  ['{"next":"quarterly figures"}', "route.next: Invalid type: Expected Array."],
])("a document with the route %s is not read as one whose message goes nowhere", async (route, problem) => {
  await using store = await createMemoryStore();
  const document = JSON.parse(await pausedText()) as object;
  const body = new TextEncoder().encode(JSON.stringify({ ...document, route: JSON.parse(route) as unknown }));
  await store.put("paused/task-1.json", body);
  const error: unknown = await createPauseLedger(store)
    .inspect("task-1")
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "corrupt", message: expect.stringContaining(problem) as unknown });
  expect(String(error)).not.toContain("quarterly");
});

test("a tool that writes the format as 1.0 has changed nothing", async () => {
  await using store = await createMemoryStore();
  const text = (await pausedText()).replace('"format":1,', '"format":1.0,');
  await store.put("paused/task-1.json", new TextEncoder().encode(text));
  expect((await createPauseLedger(store).inspect("task-1"))?.state).toBe("paused");
});
