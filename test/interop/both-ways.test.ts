import { describe, expect, it } from "vitest";

import { answering, arriving, reviewMetadata } from "./messages.ts";
import { describeWithPython } from "./python-peer.ts";
import { mountedDirectory, places } from "./shared-state.ts";
import type { PeerSetting } from "./two-peers.ts";
import { startTwoPeers } from "./two-peers.ts";

const { id: taskId } = arriving();

/** The documents that are out there. */
const shapes: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["x-resume first in route.next", {}],
  ["x-resume as route.curr", { PEER_SHAPE: "shifted" }],
  ["no metadata", { PEER_METADATA: "none" }],
  [
    "x-resume as route.curr, no metadata, many lines",
    { PEER_SHAPE: "shifted", PEER_METADATA: "none", PEER_INDENT: "2" },
  ],
];

/** The ways in which Python's x-resume is known to read a document. */
const allReaders = ["get", "index", "headers", "bare", "eager"];

describe.each(places)("$name", (place) => {
  // What a reader makes of a document is the same wherever the bytes come from.
  const readers = place === mountedDirectory ? allReaders : ["get"];

  describe.skipIf(!place.isThere)("with its server", () => {
    describeWithPython("a task that Python paused", () => {
      it.each(shapes)("resumes here, once: %s", async (_shape, environment) => {
        await using peers = await startTwoPeers(place);
        await peers.python("pause", arriving(), { environment });
        expect(await peers.shownByGateway(taskId)).toBe('{"analysis": "fine"}');

        const resumed = await peers.ours("resume", answering(taskId));
        expect(resumed).toEqual({
          payload: '{"analysis":"fine","approved":true}',
          next: ["summarizer", "publisher"],
          headers: {
            traceparent: "00-abc-01",
            "x-asya-priority": 5,
            "x-holdpoint-trail": expect.objectContaining({ task: taskId }) as unknown,
          },
          error: undefined,
        });
        expect(await peers.ours("resume", answering(taskId))).toEqual(resumed);
        expect(await peers.ours("resume", answering(taskId, { id: "another" }))).toMatchObject({
          error: "already-resumed",
        });
      });

      it("is the same pause when it is delivered to our x-pause", async () => {
        await using peers = await startTwoPeers(place);
        await peers.python("pause", arriving());
        const before = await peers.document(taskId);
        await peers.ours("pause", arriving());
        expect(await peers.document(taskId)).toBe(before);
      });
    });

    describeWithPython("a task that we paused", () => {
      it("is the document that Python writes, with one key more", async () => {
        await using peers = await startTwoPeers(place);
        const message = arriving({ parent_id: "parent" });
        await peers.python("pause", message, { metadata: reviewMetadata });
        const theirs = JSON.parse(await peers.document(taskId)) as object;
        await peers.store.delete(`paused/${taskId}.json`);
        const paused = await peers.ours("pause", message, { metadata: reviewMetadata });
        const { _holdpoint, ...guide } = JSON.parse(await peers.document(taskId)) as Record<string, unknown>;
        expect(guide).toEqual(theirs);
        expect(_holdpoint).toBeDefined();
        expect(paused.headers["x-asya-pause"]).toEqual(JSON.parse(reviewMetadata));
        expect(await peers.shownByGateway(taskId)).toBe('{"analysis": "fine"}');
      });

      it.each(readers)("resumes there, where a document is read by '%s'", async (reads) => {
        await using peers = await startTwoPeers(place);
        await peers.ours("pause", arriving());
        const resumed = await peers.python("resume", answering(taskId), { environment: { PEER_READS: reads } });
        expect(resumed).toMatchObject({
          payload: '{"analysis": "fine", "approved": true}',
          // As Python leaves it for its own documents, too.
          next: ["x-resume", "summarizer", "publisher"],
          error: undefined,
        });
        expect(Object.keys(resumed.headers)).toEqual(reads === "headers" ? ["traceparent", "x-asya-priority"] : []);
        expect(await peers.ours("resume", answering(taskId))).toMatchObject({ error: "task-not-found" });
      });
    });

    describeWithPython("a task that has ended here", () => {
      it.each(readers)("is not resumable there: '%s'", async (reads) => {
        await using peers = await startTwoPeers(place);
        const a2a = { "x-asya-a2a-task-id": "a2a-1" };
        for (const [id, headers] of [
          [taskId, a2a],
          ["canceled-1", {}],
        ] as const) {
          await peers.ours("pause", arriving({ id, headers }));
        }
        await peers.ours("resume", answering(taskId));
        await peers.ledger.cancel("canceled-1");
        // The second id of a task is a document, too.
        for (const id of [taskId, "canceled-1", "a2a-1"]) {
          const before = await peers.document(id);
          const refused = await peers.python("resume", answering(id), { environment: { PEER_READS: reads } });
          expect(refused).toMatchObject({ payload: undefined, next: [] });
          expect(refused.error).toMatch(/^(?:Attribute|Type)Error$/u);
          if (reads !== "eager") expect(await peers.document(id)).toBe(before);
        }
      });

      it("shows a gateway no payload", async () => {
        await using peers = await startTwoPeers(place);
        await peers.python("pause", arriving());
        await peers.ours("resume", answering(taskId));
        expect(await peers.shownByGateway(taskId)).toBe("null");
      });
    });
  });
});

describeWithPython("an answer", () => {
  const settings: readonly (readonly [string, string, PeerSetting])[] = [
    ["at the root", '{"approved": true, "analysis": "better"}', {}],
    ["at the root, deep", '{"analysis": {"score": 2, "by": {"name": "Zoë"}}}', { mergeMode: "deep" }],
    ["in fields", '{"approved": false, "notes": "no", "more": 1}', { metadata: reviewMetadata }],
    ["that lacks a field", '{"notes": null}', { metadata: reviewMetadata }],
  ];
  it.each(settings)("makes the same payload there and here: %s", async (_where, payload, setting) => {
    await using peers = await startTwoPeers(mountedDirectory);
    const message = arriving({
      payload: '{"analysis": {"score": 1, "by": {"role": "model"}}, "review": {"round": 3}}',
    });
    const answer = answering(taskId, { payload });
    const results: unknown[] = [];
    for (const [pause, resume] of [
      [peers.python, peers.python],
      [peers.python, peers.ours],
      [peers.ours, peers.python],
      [peers.ours, peers.ours],
    ] as const) {
      await pause("pause", message, setting);
      const { payload: resumed = "" } = await resume("resume", answer, setting);
      results.push(JSON.parse(resumed));
      await peers.store.delete(`paused/${taskId}.json`);
    }
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
  });
});
