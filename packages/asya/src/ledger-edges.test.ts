import { setTimeout as sleep } from "node:timers/promises";

import { createMemoryStore } from "@holdpoint/core";
import { parseLosslessJson } from "@holdpoint/core/json";
import { describe, expect, it } from "vitest";

import { atNextPause, openLedger, pauseEnvelope, readJson, resumeEnvelope } from "../test/ledger-fixture.ts";
import { createPauseLedger } from "./create-pause-ledger.ts";
import type { Envelope } from "./envelope.ts";
import type { PauseMetadata } from "./pause-metadata.ts";
import { parsePauseMetadata } from "./parse-pause-metadata.ts";
import { relateDocuments } from "./relate-documents.ts";

const named = (task: unknown, id: string, payload: object = {}): Envelope =>
  resumeEnvelope({ id, headers: { "x-asya-resume-task": task }, payload });
const a2a = { "x-asya-a2a-task-id": "a2a-7" };
const route = { prev: [], curr: "x-pause", next: ["fix", "x-pause", "end"] };

describe("a retention", () => {
  const retentionMs = 100;

  const ids: readonly (readonly [string, { readonly headers?: Readonly<Record<string, string>> }, string])[] = [
    ["an A2A id", { headers: a2a }, "r"],
    ["an A2A id too long for a key", { headers: { "x-asya-a2a-task-id": "a".repeat(600) } }, "r"],
    ["the answer's own id", {}, "fresh"],
    ["an answer's id too long for a key", {}, "f".repeat(600)],
  ];
  it.each(ids)("covers every key of a task with %s, and takes none while it waits again", async (_name, parts, id) => {
    await using store = await createMemoryStore();
    const ledger = createPauseLedger(store, { retentionMs });
    const keys = async (): Promise<readonly string[]> => await Array.fromAsync(store.list(), ({ key }) => key);
    await ledger.pause(pauseEnvelope({ route, ...parts }));
    const first = named("task-1", id);
    const { message } = await ledger.resume(first);
    await ledger.pause(atNextPause(first, message));
    // A late delivery of the answer must not let the ids go again.
    expect((await ledger.resume(first)).outcome).toBe("absorbed");
    await sleep(3 * retentionMs);
    for (const name of [id, ...Object.values(parts.headers ?? {})]) {
      if (name !== "r") expect(await ledger.inspect(name)).toMatchObject({ taskId: "task-1", state: "paused" });
    }
    await ledger.resume(named("task-1", `${id}-2`));
    await sleep(3 * retentionMs);
    expect(await keys()).toEqual([]);
  });

  it("covers them after a cancellation, and renews them where the next pause comes later than it ends", async () => {
    await using store = await createMemoryStore();
    const ledger = createPauseLedger(store, { retentionMs });
    await ledger.pause(pauseEnvelope({ route, headers: a2a }));
    const first = named("task-1", "task-1");
    const { message } = await ledger.resume(first);
    await sleep(3 * retentionMs);
    await ledger.pause(atNextPause(first, message));
    expect(await ledger.cancel("a2a-7")).toBe(true);
    await sleep(3 * retentionMs);
    expect(await Array.fromAsync(store.list())).toEqual([]);
  });

  it("keeps an id of two tasks until the last has ended", async () => {
    await using store = await createMemoryStore();
    const ledger = createPauseLedger(store, { retentionMs });
    for (const id of ["one", "two"]) await ledger.pause(pauseEnvelope({ id, headers: a2a }));
    await ledger.resume(named("one", "r1"));
    await sleep(3 * retentionMs);
    expect(await ledger.inspect("a2a-7")).toMatchObject({ taskId: "two" });
    await ledger.cancel("two");
    await sleep(3 * retentionMs);
    expect(await Array.fromAsync(store.list())).toEqual([]);
  });

  it("costs nothing where there is none", async () => {
    const { ledger, takeRequests } = await openLedger();
    await ledger.pause(pauseEnvelope({ headers: a2a }));
    takeRequests();
    await ledger.resume(named("task-1", "r"));
    expect(takeRequests()).toEqual(["get paused/task-1.json", "put paused/task-1.json"]);
  });
});

describe("a number that keeps its text", () => {
  const message = (text: string): Envelope => parseLosslessJson(text) as Envelope;
  const answer = (value: string, id = "r"): Envelope =>
    message(
      `{"id":"${id}","route":{"prev":[],"curr":"x-resume","next":[]},"headers":{"x-asya-resume-task":${value}},"payload":{}}`,
    );

  // 1000001795958755000 is a number that a double gives back digit by digit, although it is past 2^53.
  it.each([
    "42",
    "-7",
    "0",
    "12345678901234567890",
    "1000001795958755000",
    "1.0",
    "1.50",
    "1e3",
    "-0",
    "true",
    "false",
  ])("is the id %s in a header", async (text) => {
    const { ledger } = await openLedger();
    await ledger.pause(pauseEnvelope({ id: text }));
    expect(await ledger.resume(answer(text))).toMatchObject({ outcome: "resumed", taskId: text });
  });

  it.each(["12345678901234567890", "1.0", "true"])("is the second id %s", async (text) => {
    const { ledger } = await openLedger();
    const headers = parseLosslessJson(`{"x-asya-a2a-task-id":${text}}`) as Envelope["headers"];
    await ledger.pause(pauseEnvelope({ headers }));
    expect(await ledger.resume(named(text, "r"))).toMatchObject({ taskId: "task-1" });
  });

  it.each([
    ["a list", ["task-1"]],
    ["an object", { id: "task-1" }],
  ])("is no id where it is %s, and nothing is resumed", async (_name, value) => {
    const { ledger } = await openLedger();
    await ledger.pause(pauseEnvelope());
    await expect(ledger.resume(named(value, "task-1"))).rejects.toMatchObject({ code: "invalid-message" });
    expect(await ledger.inspect("task-1")).toMatchObject({ state: "paused" });
  });

  it.each([null, "", undefined])("is absent where it is %j", async (value) => {
    const { ledger } = await openLedger();
    await ledger.pause(pauseEnvelope());
    expect(await ledger.resume(named(value, "task-1"))).toMatchObject({ outcome: "resumed" });
  });

  it.each([
    ["1769860800", "1769860800.0", "stale"],
    ["1769860800", "1769860801", "paused"],
    ["1769860800.5", "1769860900.5", "stale"],
    ["1769860800000000001", "1769860800000000002", "paused"],
  ])("is a time: %s, then %s", async (first, second, outcome) => {
    const { ledger } = await openLedger();
    const at = (time: string): Envelope =>
      pauseEnvelope({ status: parseLosslessJson(`{"created_at":${time}}`) as Envelope["status"] });
    await ledger.pause(at(first));
    await ledger.resume(named("task-1", "r"));
    expect((await ledger.pause(at(second))).outcome).toBe(outcome);
  });

  it.each([
    ["90", "90.0", "repeated-resume"],
    ["90.50", "9.05e1", "repeated-resume"],
    ["90", "89.5", "resumed"],
  ])("is a time that is left: %s, then %s", async (first, second, expected) => {
    const { ledger } = await openLedger();
    const left = (seconds: string): Envelope => ({
      ...resumeEnvelope({ id: "task-1" }),
      headers: parseLosslessJson(`{"x-asya-resume-task":"task-1","x-asya-resume-timeout":${seconds}}`) as never,
    });
    await ledger.pause(pauseEnvelope({ route }));
    const { message: restored } = await ledger.resume(left(first));
    await ledger.pause(atNextPause(left(first), restored));
    const got = await ledger.resume(left(second)).then(
      ({ outcome }) => outcome,
      (error: unknown) => (error as { readonly code: string }).code,
    );
    expect(got).toBe(expected);
  });

  it.each([
    ["[1,2]", "1.0", true],
    ["[1.50]", "1.5", true],
    ["[9007199254740993]", "9007199254740992", false],
    ["[9007199254740993]", "9007199254740993", true],
    ['["1"]', "1", false],
    ["[12345678901234567890.0]", "12345678901234567890", true],
  ])("is an option of %s where %s is the answer: %s", async (options, given, fits) => {
    const { ledger } = await openLedger();
    // Read without a check, as of another program: ours refuses options of another type at the start.
    const text = `{"prompt":"?","fields":[{"name":"n","type":"number","options":${options}}]}`;
    const metadata = parseLosslessJson(text) as PauseMetadata;
    await ledger.pause(pauseEnvelope(), { metadata });
    const payload = parseLosslessJson(`{"n":${given}}`) as object;
    const result = ledger.resume(named("task-1", "r", payload), { validation: "strict" });
    if (fits) expect(JSON.stringify((await result).message.payload["n"])).toBe(given);
    else await expect(result).rejects.toMatchObject({ code: "invalid-input" });
  });

  it("leaves a question as it was asked, defaults, options and all", async () => {
    const { ledger, store } = await openLedger();
    const text =
      '{"prompt":"?","fields":[{"name":"n","type":"number","options":[1.0,12345678901234567890],"default":12345678901234567890,"step":0.10}],"max":1e2}';
    await ledger.pause(pauseEnvelope(), { metadata: parsePauseMetadata(text) });
    const body = new TextDecoder().decode((await store.get("paused/task-1.json"))?.body);
    expect(body).toContain(`"_pause_metadata":${text}`);
    const { message: restored } = await ledger.resume(named("task-1", "r"), { validation: "strict" });
    expect(JSON.stringify(restored.payload)).toBe('{"analysis":"fine","n":12345678901234567890}');
  });

  it("names a pause point where a tool has rewritten the trail and the document with 1.0", async () => {
    const { ledger, store } = await openLedger();
    await ledger.pause(pauseEnvelope({ route }));
    const first = named("task-1", "r");
    const { message: restored } = await ledger.resume(first);
    const rewritten = (text: string): string => text.replaceAll('"sequence":1', '"sequence":1.0');
    const body = new TextDecoder().decode((await store.get("paused/task-1.json"))?.body);
    await store.put("paused/task-1.json", new TextEncoder().encode(rewritten(body)));
    const headers = parseLosslessJson(rewritten(JSON.stringify(restored.headers))) as Envelope["headers"];
    await ledger.pause({ ...atNextPause(first, restored), headers });
    expect(await ledger.inspect("task-1")).toMatchObject({ state: "paused", sequence: 2 });
  });
});

describe("what is not JSON", () => {
  const gap: unknown[] = [];
  gap[1] = 1;
  const strangers = [Number.NaN, 10n, new Map(), new Date(0), () => 1, Symbol("s"), [undefined], gap, new Error("e")];

  it.each(strangers.map((value) => [value]))("is refused before anything is stored or compared: %s", async (value) => {
    const { ledger, takeRequests } = await openLedger();
    const refused = { code: "invalid-message", message: expect.stringContaining("JSON cannot hold that") as unknown };
    const deep = { a: [{ b: value }] };
    for (const part of [{ payload: deep }, { headers: deep }, { status: deep }]) {
      await expect(ledger.pause(pauseEnvelope(part))).rejects.toMatchObject(refused);
      await expect(ledger.resume(resumeEnvelope(part))).rejects.toMatchObject(refused);
    }
    const metadata = { prompt: "?", fields: [{ name: "a", type: "string" as const, default: value }] };
    await expect(ledger.pause(pauseEnvelope(), { metadata })).rejects.toMatchObject(refused);
    expect(() => parsePauseMetadata(metadata)).toThrow("which JSON cannot hold");
    expect(takeRequests()).toEqual([]);
  });

  it("is not zero with a sign, which comes back as it was", async () => {
    const { ledger } = await openLedger();
    await ledger.pause(pauseEnvelope({ payload: { n: -0 } }));
    expect((await ledger.pause(pauseEnvelope({ payload: { n: -0 } }))).outcome).toBe("already-paused");
    const { message } = await ledger.resume(named("task-1", "r", { m: [-0] }));
    expect(JSON.stringify(message.payload)).toBe('{"n":-0,"m":[-0]}');
  });
});

describe("ids of any length and content", () => {
  const odd = [
    "r".repeat(600),
    "ü".repeat(300),
    "\u{1f600}".repeat(130),
    "bad\ud800",
    "\udc00",
    "a/../b",
    " ",
    "\0",
    "~sha256-",
  ];

  it.each(odd.map((id) => [id]))("work as second ids: %j", async (id) => {
    const { ledger } = await openLedger();
    await ledger.pause(pauseEnvelope({ route, headers: { "x-asya-a2a-task-id": id } }));
    expect(await ledger.inspect(id)).toMatchObject({ taskId: "task-1" });
    const first = named(id, `answer ${id}`);
    const { message } = await ledger.resume(first);
    expect((await ledger.pause(atNextPause(first, message))).outcome).toBe("paused");
    expect(await ledger.inspect(`answer ${id}`)).toMatchObject({ taskId: "task-1", sequence: 2 });
    expect(await Array.fromAsync(ledger.list(), ({ taskId }) => taskId)).toEqual(["task-1"]);
    await ledger.cancel(id);
    for (let run = 0; run < 2; run += 1) await ledger.prune({ olderThanMs: 0 });
    expect(await ledger.inspect(id)).toBeNull();
  });

  it.each(odd.map((id) => [id]))("work as a task's own, or are the message's fault: %j", async (id) => {
    const { ledger, store, takeRequests } = await openLedger();
    const outcome = await ledger.pause(pauseEnvelope({ id })).then(
      (result) => result.outcome,
      (error: unknown) => (error as { readonly code: string }).code,
    );
    if (outcome === "paused") {
      expect(await ledger.resume(named(id, "r"))).toMatchObject({ taskId: id });
      return;
    }
    expect(outcome).toBe("invalid-message");
    expect(takeRequests()).toEqual([]);
    await expect(ledger.resume(named(id, id))).rejects.toMatchObject({ code: "task-not-found" });
    expect(await ledger.inspect(id)).toBeNull();
    expect(await Array.fromAsync(store.list())).toEqual([]);
  });
});

describe("relateDocuments", () => {
  it("reads what the lookup reads: a task that another x-pause paused with our trail, and that went on here", async () => {
    const { ledger, store } = await openLedger();
    const key = "paused/task-1.json";
    await ledger.pause(pauseEnvelope({ route }));
    const first = named("task-1", "task-1");
    const { message } = await ledger.resume(first);
    const second = atNextPause(first, message);
    const stored = { ...second, route: { ...second.route, next: ["x-resume", ...second.route.next] } };
    const waiting = new TextEncoder().encode(JSON.stringify(stored));
    await store.put(key, waiting);
    await ledger.resume(named("task-1", "later", { answer: 2 }));
    expect(await readJson(store, key)).toMatchObject({ payload: null });
    const wentOn = (await store.get(key))?.body ?? new Uint8Array();
    expect(relateDocuments(key, wentOn, waiting)).toBe("later");
    expect(relateDocuments(key, waiting, wentOn)).toBe("earlier");
  });
});
