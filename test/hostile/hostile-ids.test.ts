import { LedgerError } from "@holdpoint/asya";
import type { CheckpointStore } from "@holdpoint/core";
import { describe, expect, it } from "vitest";

import { pauseEnvelope, resumeEnvelope } from "../../packages/asya/test/ledger-fixture.ts";
import { hostileStores, innerPrefix } from "./hostile-store.ts";

const longest = 500;

/** Ids that mean something to a file system, a key space, a pattern, a wildcard, a log, or each other. */
const ids: readonly string[] = [
  ["../../etc/passwd", "../canary", "../../canary", "/etc/passwd", "/", "//", ".", "..", "...", "a/../../canary"],
  ["canary", "inner/canary", "paused/canary", "paused/", "paused/../canary.json", "x.json", "x", ".json"],
  ["a\0b", "a", "a\r\nb", "a\nb", '\r\n{"level":"error"}', "\u001b[2J\u001b]0;title\u0007", "\u009b31m", "\u2028"],
  ["*", "?", "[a-z]", "b", "{a,b}", "\\*", "a*", "^a", "$HOME", "`id`", "-rf", "~"],
  [">", "a.>", "*.*", "a..b", ".a", "a.", "$JS.API.>", "$KV.x"],
  ["%2e%2e%2f", "%2F", "%", "%00", "%25", "+", "a%2fb", "a/b", "=", "&prefix=", "#", "?prefix=x"],
  ["Task", "task", "TASK", " task", "task ", "ta sk", "paypal", "p\u0430ypal", "\u00e9", "e\u0301", "\ufb01", "fi"],
  [
    "__proto__",
    "constructor",
    "NUL",
    "con",
    ".lock",
    ".holdpoint",
    "0",
    "-1",
    "null",
    "undefined",
    "\u{1f6d1}",
    "\ufffd",
  ],
  [
    "l".repeat(longest),
    "L".repeat(longest),
    `${"l".repeat(longest - 1)}m`,
    "\u{1f6d1}".repeat(longest / 4),
    "\u0001".repeat(longest),
  ],
].flat();

const prefixes = [
  "",
  "paused/",
  "paused/.",
  "paused/a",
  "paused/*",
  "paused/[a-z]",
  "paused/%2",
  "paused/..",
  "paused/../",
  "paused/t",
  "Paused/",
  "../",
  "paused/l",
  "paused/a\0",
];

const canaries = ["canary", "paused/canary.json", "inner2/paused/task.json", "etc/passwd"];

async function keysOf(store: CheckpointStore, prefix?: string): Promise<readonly string[]> {
  const entries = await Array.fromAsync(store.list(prefix === undefined ? {} : { prefix }));
  return entries.map(({ key }) => key).toSorted();
}

/** In groups, as a mesh would deliver them; more at once only wait for each other. */
async function forEach<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < items.length; at += 16) {
    await Promise.all(items.slice(at, at + 16).map((item, index) => work(item, at + index)));
  }
}

describe.each(hostileStores)("$name", ({ isMissing, open }) => {
  it.skipIf(isMissing)("keeps tasks apart, in their place and in their lists, whatever their ids", async () => {
    await using hostile = await open();
    const { store, outer, ledger } = hostile;
    for (const key of canaries) await outer.put(key, new TextEncoder().encode(`canary ${key}`));

    await forEach(ids, async (id, index) => {
      const { outcome, key } = await ledger.pause(pauseEnvelope({ id, payload: { index } }));
      expect([outcome, key]).toEqual(["paused", `paused/${id}.json`]);
    });
    const keys = ids.map((id) => `paused/${id}.json`).toSorted();
    for (const prefix of prefixes) {
      const expected = keys.filter((key) => key.startsWith(prefix));
      expect([prefix, await keysOf(store, prefix)]).toEqual([prefix, expected]);
    }
    const listed = await Array.fromAsync(ledger.list({ state: "paused" }));
    expect(listed.map(({ taskId }) => taskId).toSorted()).toEqual(ids.toSorted());

    await forEach(ids, async (id, index) => {
      const headers = { "x-asya-resume-task": id };
      const answer = resumeEnvelope({ id: `answer-${index}`, headers, payload: { answer: index } });
      const { outcome, taskId, message } = await ledger.resume(answer);
      expect([outcome, taskId, message.payload]).toEqual(["resumed", id, { index, answer: index }]);
      await expect(ledger.resume({ ...answer, id: "late" })).rejects.toMatchObject({
        code: "already-resumed",
        taskId: id,
      });
    });

    const everywhere = await keysOf(outer);
    // The longest ones are too long for a key of the outer store.
    const short = keys.map((key) => innerPrefix + key).filter((key) => Buffer.byteLength(key) <= 512);
    expect(everywhere).toEqual(expect.arrayContaining(short));
    expect(everywhere.filter((key) => !key.startsWith(innerPrefix))).toEqual(canaries.toSorted());
    for (const key of canaries) expect(new TextDecoder().decode((await outer.get(key))?.body)).toBe(`canary ${key}`);

    expect(await ledger.prune({ olderThanMs: 0 })).toMatchObject({ examined: ids.length });
    expect(await keysOf(outer)).toEqual(expect.arrayContaining(canaries));
  });

  it.skipIf(isMissing)("refuses an id that is no text or too long for a key, in words, and loses nothing", async () => {
    await using hostile = await open();
    const { store, ledger, outer } = hostile;
    await ledger.pause(pauseEnvelope({ id: "l".repeat(longest) }));
    const refused = [
      "\ud800",
      "a\udfffb",
      "l".repeat(longest + 1),
      "\u00e9".repeat(longest / 2 + 1),
      "l".repeat(1_000_000),
    ];
    for (const id of refused) {
      const answer = resumeEnvelope({ headers: { "x-asya-resume-task": id } });
      for (const [attempt, code, problem] of [
        [
          () => ledger.pause(pauseEnvelope({ id })),
          "invalid-message",
          id.isWellFormed() ? /500 bytes/u : /lone surrogate/u,
        ],
        [() => ledger.resume(answer), "task-not-found", /looked for/u],
        [() => ledger.cancel(id), "task-not-found", /there is no/u],
      ] as const) {
        const error: unknown = await attempt().then(
          () => "nothing was refused",
          (thrown: unknown) => thrown,
        );
        expect(error).toSatisfy((thrown) => LedgerError.is(thrown, code));
        expect((error as Error).message).toMatch(problem);
        expect((error as Error).message.length).toBeLessThan(1_000);
      }
    }
    expect(await keysOf(store)).toEqual([`paused/${"l".repeat(longest)}.json`]);
    expect((await keysOf(outer)).filter((key) => !key.startsWith(innerPrefix))).toEqual([]);
  });
});
