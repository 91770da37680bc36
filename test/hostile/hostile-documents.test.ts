import type { CheckpointStore } from "@holdpoint/core";
import { CheckpointError } from "@holdpoint/core";
import { describe, expect, it } from "vitest";

import { pauseEnvelope, resumeEnvelope } from "../../packages/asya/test/ledger-fixture.ts";
import type { HostileStore } from "./hostile-store.ts";
import { hostileStores } from "./hostile-store.ts";

const privateText = "quarterly figures";
const encode = (source: string): Uint8Array => new TextEncoder().encode(source);

type Plain = Record<string, unknown>;

/** Changes one thing of a document that is right, as somebody with an editor would. */
type Edit = (document: Plain, own: Plain, point: Plain) => void;

const edits: Readonly<Record<string, Edit>> = {
  "of a newer format": (_document, own) => (own["format"] = 2),
  "of a format that is no number": (_document, own) => (own["format"] = "1"),
  "of an older format than there was": (_document, own) => (own["format"] = 0),
  "of another kind": (_document, own) => (own["state"] = "receipt"),
  "whose state was edited by hand": (_document, own) => (own["state"] = "resumed"),
  "whose own part is text": (document) => Object.assign(document, { _holdpoint: "paused" }),
  "whose payload is a list": (document) => (document["payload"] = ["text"]),
  "whose payload is gone": (document) => delete document["payload"],
  "whose headers are text": (document) => (document["headers"] = "traceparent: 00-abc"),
  "whose route is text": (document) => (document["route"] = privateText),
  "whose route is a list": (document) => (document["route"] = ["x-resume"]),
  "whose route is empty": (document) => (document["route"] = {}),
  "whose route has a number": (document) => (document["route"] = { prev: [], curr: "x-pause", next: [1] }),
  "whose sequence is text": (_document, _own, point) => (point["sequence"] = "1"),
  "without a mark": (_document, _own, point) => delete point["mark"],
  "whose aliases are an object": (_document, own) => (own["aliases"] = {}),
  "whose history is null": (_document, own) => (own["history"] = null),
  "nested deeper than a stack": (document) => (document["payload"] = { deep: nested(2_000) }),
};

const bodies: Readonly<Record<string, (right: Uint8Array) => Uint8Array>> = {
  "of 0 bytes": () => new Uint8Array(),
  "of a space": () => encode(" "),
  "that is null": () => encode("null"),
  "that is a list": () => encode("[]"),
  "that is a text": () => encode('"paused"'),
  "that is a number": () => encode("12345678901234567890"),
  "that is no JSON": () => encode("id: task-1\n"),
  "that holds what Python writes for no number": (right) => encode(decode(right).replace(`"${privateText}"`, "NaN")),
  "cut in the middle": (right) => right.subarray(0, right.byteLength / 2),
  "without its last byte": (right) => right.subarray(0, -1),
  "that was written twice": (right) => Buffer.concat([right, right]),
  "followed by zeros": (right) => Buffer.concat([right, new Uint8Array(16)]),
  "of zeros": (right) => new Uint8Array(right.byteLength),
  "that is not UTF-8": (right) => Buffer.from(decode(right).replace("q", "\u00ff"), "latin1"),
  "in UTF-16": (right) => Buffer.from(decode(right), "utf16le"),
  "that belongs to another program": () => encode('{"apiVersion":"v1","kind":"Secret","data":{}}'),
  ...Object.fromEntries(
    Object.entries(edits).map(([name, edit]) => [
      name,
      (right: Uint8Array) => {
        const document = JSON.parse(decode(right)) as Plain;
        const own = document["_holdpoint"] as Plain;
        edit(document, own, own["point"] as Plain);
        return encode(JSON.stringify(document));
      },
    ]),
  ),
};

describe.each(hostileStores)("$name", ({ isMissing, open }) => {
  it.skipIf(isMissing)(
    "lets nothing be done to a document that cannot be read, says what to do, and leaves its bytes",
    async () => {
      await using hostile = await open();
      const { store, ledger } = hostile;
      await ledger.pause(pauseEnvelope({ id: "right", payload: { analysis: privateText } }));
      const right = await bodyOf(store, "right");

      await Promise.all(
        Object.entries(bodies).map(async ([name, damage]) => {
          const id = `a document ${name}`;
          const body = damage(right);
          const { version } = await store.put(`paused/${id}.json`, body);
          await expectRefused(hostile, id);
          expect([id, Buffer.from(await bodyOf(store, id)).toString("latin1")]).toEqual([
            id,
            Buffer.from(body).toString("latin1"),
          ]);
          expect((await store.get(`paused/${id}.json`))?.version).toBe(version);
        }),
      );

      // Those around it are listed, resumed and pruned.
      const listed = await Array.fromAsync(ledger.list());
      const corrupt = listed.filter(({ state }) => state === "corrupt");
      expect(corrupt.map(({ taskId }) => taskId).toSorted()).toEqual(
        Object.keys(bodies)
          .map((name) => `a document ${name}`)
          .toSorted(),
      );
      for (const { problem } of corrupt) expect(problem).toMatch(/cannot be read/u);
      expect(listed.filter(({ state }) => state === "paused").map(({ taskId }) => taskId)).toEqual(["right"]);
      expect(await ledger.resume(resumeEnvelope({ headers: { "x-asya-resume-task": "right" } }))).toMatchObject({
        outcome: "resumed",
      });
      const pruned = await ledger.prune({ olderThanMs: 0 });
      expect(pruned).toMatchObject({ examined: 1 + Object.keys(bodies).length });
      expect(pruned.removed + pruned.compacted).toBe(1);
      for (const [name, damage] of Object.entries(bodies)) {
        const left = await bodyOf(store, `a document ${name}`);
        expect([name, Buffer.compare(left, damage(right))]).toEqual([name, 0]);
      }
    },
  );
});

async function expectRefused({ ledger }: HostileStore, id: string): Promise<void> {
  const answer = resumeEnvelope({ headers: { "x-asya-resume-task": id } });
  const attempts = {
    pause: () => ledger.pause(pauseEnvelope({ id })),
    resume: () => ledger.resume(answer),
    "strict resume": () => ledger.resume(answer, { validation: "strict", mergeMode: "deep" }),
    cancel: () => ledger.cancel(id),
    inspect: () => ledger.inspect(id),
  };
  for (const [operation, attempt] of Object.entries(attempts)) {
    const error: unknown = await attempt().then(
      () => `${operation} of ${id} was not refused`,
      (thrown: unknown) => thrown,
    );
    if (!CheckpointError.is(error, "corrupt")) throw error;
    expect(error.key).toBe(`paused/${id}.json`);
    expect(error.message).toContain(JSON.stringify(`paused/${id}.json`));
    expect(error.message).toMatch(/It was left as it is\. Repair or remove it/u);
    if (id.includes("newer")) expect(error.message).toContain("upgrade it");
    // What the document holds is somebody's data.
    expect(error.message).not.toMatch(/00-abc|quarterly/u);
  }
}

async function bodyOf(store: CheckpointStore, id: string): Promise<Uint8Array> {
  return (await store.get(`paused/${id}.json`))?.body ?? new Uint8Array();
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}
