import { readdir, readFile } from "node:fs/promises";

import { createMemoryStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { expect, test } from "vitest";

import { foreignDocuments, writeEveryState } from "../test/every-state.ts";
import { resumeEnvelope } from "../test/ledger-fixture.ts";
import { createPauseLedger } from "./create-pause-ledger.ts";

// These files are what the first version of the format wrote. They are never written anew: whoever has paused a task
// with that version must be able to resume it with this one.
const folder = new URL("../test/format-1/", import.meta.url);
const names = (await readdir(folder)).filter((name) => name !== "errors.json").map((name) => name.replace(".json", ""));
const fixture = async (name: string): Promise<string> => await readFile(new URL(`${name}.json`, folder), "utf8");
const written = await writeEveryState();

test("there is a file for every state", () => {
  expect(names.toSorted()).toEqual([...written.documents.keys(), ...foreignDocuments.keys()].toSorted());
});

test.each([...written.documents.keys()])("%s is written as ever, byte for byte", async (name) => {
  expect(written.documents.get(name)).toBe(await fixture(name));
});

/** What has been reworded since, on purpose. */
const reworded = {
  "resume: not found":
    "LedgerError task-not-found: task not paused: cannot find a checkpoint file at memory:; looked for paused/none.json, paused/unknown.json, and for the id as an A2A id among the first 1000 documents. Check that x-pause and x-resume use the same store, and that the task has paused and was not pruned.",
};

test("the errors say what they always said", async () => {
  expect(written.errors).toEqual({ ...(JSON.parse(await fixture("errors")) as object), ...reworded });
});

async function storeWith(name: string): Promise<CheckpointStore> {
  const store = await createMemoryStore();
  const text = await fixture(name);
  const { id } = JSON.parse(text) as { readonly id: string };
  await store.put(`paused/${id}.json`, new TextEncoder().encode(text));
  return store;
}

test.each(names.filter((name) => /paused|foreign|displaced/u.test(name)))("%s can be resumed, once", async (name) => {
  await using store = await storeWith(name);
  const ledger = createPauseLedger(store);
  const { id, payload } = JSON.parse(await fixture(name)) as { readonly id: string; readonly payload: object };
  expect(await ledger.inspect(id)).toMatchObject({ state: "paused", taskId: id });
  const answer = resumeEnvelope({ id: "now", headers: { "x-asya-resume-task": id }, payload: {} });
  const { outcome, message } = await ledger.resume(answer);
  expect(outcome).toBe("resumed");
  expect(JSON.parse(JSON.stringify(message.payload))).toEqual(payload);
  expect((await ledger.resume(answer)).message).toEqual(message);
  await expect(ledger.resume({ ...answer, id: "later" })).rejects.toMatchObject({ code: "already-resumed" });
});

test.each(["resumed", "resumed-second-point", "resumed-emptied", "canceled", "canceled-emptied"])(
  "%s has ended, and is kept until it is pruned",
  async (name) => {
    await using store = await storeWith(name);
    const ledger = createPauseLedger(store);
    const { id } = JSON.parse(await fixture(name)) as { readonly id: string };
    const state = name.replace(/-.*/u, "");
    expect(await ledger.inspect(id)).toMatchObject({ state, taskId: id });
    const answer = resumeEnvelope({ id: "now", headers: { "x-asya-resume-task": id } });
    const code = state === "resumed" ? "already-resumed" : "canceled";
    await expect(ledger.resume(answer)).rejects.toMatchObject({ code });
    expect(await ledger.prune({ olderThanMs: 0 })).toMatchObject({ removed: 1 });
  },
);

test("the message that a resumed task went on with is given again", async () => {
  await using store = await storeWith("resumed");
  const replay = await createPauseLedger(store).resume(
    resumeEnvelope({ payload: { approved: true, note: "fine", other: 1 } }),
  );
  expect(replay.outcome).toBe("replayed");
  expect(JSON.stringify(replay.message.payload)).toBe(
    '{"10":2,"order":12345678901234567890,"score":1.0,"text":"äöü \\ud800","approved":true,"review":{"note":"fine"}}',
  );
});

test("a second id leads to its task", async () => {
  await using store = await storeWith("paused");
  await store.put("paused/a2a-7.json", new TextEncoder().encode(await fixture("second-id")));
  expect(await createPauseLedger(store).inspect("a2a-7")).toMatchObject({ taskId: "task-1", state: "paused" });
});
