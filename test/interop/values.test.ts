import { expect, it } from "vitest";

import { answering, arriving } from "./messages.ts";
import { describeWithPython } from "./python-peer.ts";
import { mountedDirectory } from "./shared-state.ts";
import { startTwoPeers } from "./two-peers.ts";

const { id: taskId } = arriving();
const answer = answering(taskId, { payload: '{"approved": true}' });

/** Payloads as Python writes them. */
const payloads: readonly (readonly [string, string])[] = [
  ["integers past 2^53", '{"order": 12345678901234567890, "negative": -9007199254740993}'],
  ["fractions that are whole", '{"ratio": 1.0, "zero": 0.0, "minus": -0.0, "list": [1.0, 2, 30.0]}'],
  ["exponents", '{"large": 1e+16, "small": 1e-07, "smallest": 5e-324, "largest": 1.7976931348623157e+308}'],
  ["digits that round", '{"third": 0.1, "sum": 0.30000000000000004, "pi": 3.141592653589793}'],
  ["a number in every place", '{"a": [[12345678901234567890], {"b": 1.0}], "c": 1.0}'],
  [
    "other letters, escaped",
    String.raw`{"name": "Zo\u00eb \u65e5\u672c \ud83d\ude00", "control": "\u0000\u001f\u007f\u2028"}`,
  ],
  ["half a character", String.raw`{"broken": "\ud83d", "\ude00": "\udc00\ud800"}`],
  ["names of a prototype", '{"__proto__": {"polluted": true}, "constructor": 1, "toString": null}'],
  ["empty things", '{"": "", "list": [], "object": {}, "nothing": null}'],
  ["text that looks like something else", '{"number": "1.0", "text": "NaN", "json": "{\\"a\\": 1.0}"}'],
  ["a deep one", `{"deep": ${"[".repeat(200)}1.0${"]".repeat(200)}}`],
];

describeWithPython("a payload", () => {
  it.each(payloads)("is the same text after both x-pauses and x-resumes: %s", async (_what, payload) => {
    await using peers = await startTwoPeers(mountedDirectory);
    const message = arriving({ payload });
    const expected = payload.replace(/\}$/u, ', "approved": true}');

    await peers.python("pause", message);
    const here = await peers.ours("resume", answer);
    await peers.store.delete(`paused/${taskId}.json`);
    await peers.ours("pause", message);
    expect(await peers.shownByGateway(taskId)).toBe(payload);
    const there = await peers.python("resume", answer);

    expect(there.payload).toBe(expected);
    // Ours without the spaces, so Python is asked to write it once more.
    await peers.python("pause", arriving({ payload: here.payload ?? "" }));
    expect(await peers.shownByGateway(taskId)).toBe(expected);
  });

  it("keeps letters that Python has not escaped", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    const payload = '{"name":"Zoë 日本 😀\u2028"}';
    await peers.python("pause", arriving({ payload }), { environment: { PEER_ASCII: "no" } });
    const { payload: resumed } = await peers.ours("resume", answer);
    expect(resumed).toBe('{"name":"Zoë 日本 😀\u2028","approved":true}');
  });

  it("has the last of the values that stand under one name, as in Python", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    const twice = '{"total": 1, "other": 2, "total": 12345678901234567890}';
    const document = `{"id": "${taskId}", "route": {"prev": [], "curr": "x-pause", "next": []}, "payload": ${twice}}`;
    await peers.python("pause", arriving());
    await peers.replaceDocument(taskId, document);
    expect(await peers.shownByGateway(taskId)).toBe('{"total": 12345678901234567890, "other": 2}');
    const { payload } = await peers.ours("resume", answer);
    expect(payload).toBe('{"total":12345678901234567890,"other":2,"approved":true}');
  });

  it("comes back with names that are whole numbers first: the one thing that is not kept", async () => {
    await using peers = await startTwoPeers(mountedDirectory);
    await peers.python("pause", arriving({ payload: '{"b": 1, "10": 2, "9": 3}' }));
    const { payload } = await peers.ours("resume", answer);
    expect(payload).toBe('{"9":3,"10":2,"b":1,"approved":true}');
  });

  it.each(["NaN", "Infinity", "-Infinity"])("with %s, which Python takes for JSON, is left as it is", async (value) => {
    await using peers = await startTwoPeers(mountedDirectory);
    await peers.python("pause", arriving({ payload: `{"secret": "hunter2", "score": ${value}}` }));
    const before = await peers.document(taskId);
    const refusal = peers.ledger.cancel(taskId);
    await expect(refusal).rejects.toMatchObject({ code: "corrupt", key: `paused/${taskId}.json` });
    await expect(refusal).rejects.toThrow(/Python[^]*allow_nan/u);
    // What surrounds the fault is somebody's payload.
    await expect(refusal).rejects.not.toThrow(/hunter2|score/u);
    expect(await peers.ours("resume", answer)).toMatchObject({ payload: undefined, error: "corrupt" });
    expect(await peers.document(taskId)).toBe(before);
    expect(await Array.fromAsync(peers.ledger.list())).toMatchObject([{ state: "corrupt", taskId }]);

    await peers.replaceDocument(taskId, before.replace(value, "null"));
    const { payload } = await peers.ours("resume", answer);
    expect(payload).toBe('{"secret":"hunter2","score":null,"approved":true}');
  });
});
