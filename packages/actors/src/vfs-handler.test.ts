import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createPauseLedger } from "@holdpoint/asya";
import { createMemoryStore, parseLosslessJson } from "@holdpoint/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { ActorHandler, ActorMessage } from "./actor-message.ts";
import { createPauseActor } from "./pause-actor.ts";
import { createResumeActor } from "./resume-actor.ts";
import { createVfsHandler } from "./vfs-handler.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "vfs-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

async function writeMessage(files: Readonly<Record<string, string>>): Promise<void> {
  await rm(root, { recursive: true });
  for (const directory of ["route", "headers"]) await mkdir(join(root, directory), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
}

const read = (name: string): Promise<string> => readFile(join(root, name), "utf8");
const silent = { info: () => {}, warn: () => {}, error: () => {} };
const vfs = (handler: ActorHandler) => createVfsHandler(handler, { root, log: silent, parseJson: parseLosslessJson });

const example = {
  id: "task-1\n",
  parent_id: "parent",
  "route/prev": "a\n",
  "route/curr": "b",
  "route/next": "c\nd\n",
  "headers/trace": "abc",
  "headers/priority": "5",
  "headers/big": "12345678901234567890",
};

describe("createVfsHandler", () => {
  it("shows the directory as a message, and writes nothing that the handler leaves alone", async () => {
    await writeMessage(example);
    const seen: ActorMessage[] = [];
    const payload = await vfs(async (message) => {
      seen.push(message);
      return { payload: { done: true } };
    })({ draft: 1 });
    expect(payload).toEqual({ done: true });
    expect(seen).toMatchObject([
      {
        id: "task-1",
        parent_id: "parent",
        route: { prev: ["a"], curr: "b", next: ["c", "d"] },
        headers: { trace: "abc", priority: 5 },
        payload: { draft: 1 },
      },
    ]);
    for (const [name, text] of Object.entries(example)) expect(await read(name)).toBe(text);
  });

  it("writes what the handler changes, and removes headers that are gone", async () => {
    await writeMessage(example);
    const headers = { trace: "other", "as-text": "5", object: { a: [1] } };
    await vfs(async () => ({ payload: {}, next: ["x-pause", "e"], headers }))({});
    expect(await read("route/next")).toBe("x-pause\ne\n");
    expect((await readdir(join(root, "headers"))).toSorted()).toEqual(["as-text", "object", "trace"]);
    expect(await read("headers/trace")).toBe("other");
    expect(await read("headers/as-text")).toBe('"5"');
    expect(await read("headers/object")).toBe('{"a":[1]}');
  });

  it.each(["../id", "..", ".", "", "a/b", "a\0b", "a\nb", "x".repeat(256), "\ud800"])(
    "refuses the header name %j, and writes nothing then",
    async (name) => {
      await writeMessage(example);
      const handler = vfs(async () => ({ payload: {}, next: [], headers: { harmless: 1, [name]: 1 } }));
      await expect(handler({})).rejects.toThrow("cannot be written");
      expect(await read("route/next")).toBe(example["route/next"]);
      expect(await read("id")).toBe(example.id);
      expect(await readdir(join(root, "headers"))).toHaveLength(3);
    },
  );

  it("refuses an actor's name that would be two lines, and more replies than one", async () => {
    await writeMessage(example);
    await expect(vfs(async () => ({ payload: {}, next: ["c\nd"] }))({})).rejects.toThrow("line break");
    await expect(vfs(async () => [{ payload: 1 }, { payload: 2 }])({})).rejects.toThrow("2 replies");
  });

  it("removes a header whose name every object has", async () => {
    await writeMessage({ ...example, "headers/toString": "a", "headers/__proto__": "b" });
    await vfs(async ({ payload }) => ({ payload, headers: {} }))({});
    expect(await readdir(join(root, "headers"))).toEqual([]);
  });

  it.each([
    ["a function", () => 1],
    ["a bigint", 1n],
    ["a symbol", Symbol("no JSON")],
  ])("refuses a header that is %s, and writes nothing then", async (_, value) => {
    await writeMessage(example);
    const handler = vfs(async () => ({ payload: {}, next: ["e"], headers: { trace: "other", strange: value } }));
    await expect(handler({})).rejects.toThrow('The header "strange" cannot be written');
    for (const [name, text] of Object.entries(example)) expect(await read(name)).toBe(text);
  });

  it("writes text that another reader would take for a number, or could not write, as JSON", async () => {
    await writeMessage(example);
    await vfs(async () => ({ payload: {}, headers: { python: "NaN", half: "\ud800" } }))({});
    expect([await read("headers/python"), await read("headers/half")]).toEqual(['"NaN"', String.raw`"\ud800"`]);
  });

  it("refuses an id that is not UTF-8, rather than take it for another one", async () => {
    await writeMessage(example);
    await writeFile(join(root, "id"), Uint8Array.of(0x61, 0xff));
    await expect(vfs(async () => ({ payload: {} }))({})).rejects.toThrow("id of the message is not UTF-8");
  });

  it("leaves a route alone that it could not have written", async () => {
    await writeMessage({ ...example, "route/next": "c\rd\n" });
    expect(await vfs(async () => ({ payload: 1 }))({})).toBe(1);
    expect(await read("route/next")).toBe("c\rd\n");
  });

  it("says so where there is no message", async () => {
    await expect(vfs(async () => ({ payload: {} }))({})).rejects.toThrow("no message");
  });

  it("pauses and resumes", async () => {
    await using store = await createMemoryStore();
    const ledger = createPauseLedger(store);
    await writeMessage({
      id: "task-1",
      "route/prev": "a",
      "route/curr": "x-pause",
      "route/next": "publisher",
      "headers/trace": "abc",
    });
    expect(await vfs(createPauseActor({ ledger, metadata: { prompt: "Approve?", fields: [] } }))({ draft: 1 })).toEqual(
      { draft: 1 },
    );
    expect(JSON.parse(await read("headers/x-asya-pause"))).toEqual({ prompt: "Approve?", fields: [] });

    await writeMessage({ id: "answer-1", "route/curr": "x-resume", "headers/x-asya-resume-task": "task-1" });
    expect(await vfs(createResumeActor({ ledger }))({ approved: true })).toEqual({ draft: 1, approved: true });
    expect(await read("route/next")).toBe("publisher\n");
    const headers = await readdir(join(root, "headers"));
    expect(headers).toContain("trace");
    expect(headers).not.toContain("x-asya-resume-task");
    expect(headers).not.toContain("x-asya-pause");
  });
});
