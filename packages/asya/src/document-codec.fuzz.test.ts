import { createMemoryStore, CheckpointError } from "@holdpoint/core";
import fc from "fast-check";
import { expect, test } from "vitest";

import { createPauseLedger } from "./create-pause-ledger.ts";
import { decodeDocument, encodeDocument } from "./document-codec.ts";
import { documentKey } from "./document-key.ts";
import { LedgerError } from "./ledger-error.ts";
import type { PauseDocument } from "./pause-document.ts";

const store = await createMemoryStore();

const text = fc.string({ unit: "binary", maxLength: 12 }).filter((value) => value.isWellFormed());
// What JSON cannot give back is not part of any message.
const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const names = fc.string({ maxLength: 8 }).filter((name) => name !== "__proto__");
const object = fc.dictionary(names, json, { maxKeys: 4, noNullPrototype: true });
const texts = fc.array(text, { maxLength: 3 });
const nullableText = fc.option(text);
const count = fc.integer({ min: 1, max: 2 ** 53 - 1 });

const pauseMark = fc.record({ digest: text, createdAt: nullableText });
const resumption = fc.record({
  at: text,
  by: text,
  mark: fc.record({ id: text, digest: text, createdAt: nullableText, timeout: nullableText }),
  freshId: fc.boolean(),
});
const pointParts = { run: text, sequence: count, envelopeId: text, pausedAt: nullableText, mark: pauseMark };
const point = fc.record(pointParts);
const pastPoint = fc.record(
  { ...pointParts, resumption },
  { requiredKeys: ["run", "sequence", "envelopeId", "pausedAt", "mark"] },
);
const route = fc.record({ prev: texts, curr: text, next: texts });
const message = fc.record(
  { parent_id: text, route, headers: object, payload: object },
  { requiredKeys: ["route", "headers", "payload"] },
);
const fields = fc.array(fc.record({ name: names, type: fc.constantFrom("string", "number") }), { maxLength: 3 });
const metadata = fc.record({ prompt: text, fields });
const outgoing = fc.record(
  { next: texts, headers: object, payload: object, status: object },
  { requiredKeys: ["next", "headers", "payload"] },
);
const base = { taskId: fc.constant("task-1"), point, aliases: texts, history: fc.array(pastPoint, { maxLength: 2 }) };
const result = fc.record({ input: object, ignoredInput: texts, message: outgoing, metadata });
const documents = fc.oneof(
  fc.record({ state: fc.constant("paused" as const), ...base, message, metadata }),
  fc.record(
    { state: fc.constant("resumed" as const), ...base, resumption, parentId: text, result: fc.option(result) },
    { requiredKeys: ["state", "taskId", "point", "aliases", "history", "resumption", "result"] },
  ),
  fc.record({
    state: fc.constant("canceled" as const),
    ...base,
    cancellation: fc.record({ at: text, by: text, reason: nullableText }),
    kept: fc.option(fc.record({ message, metadata })),
  }),
  fc.record({ state: fc.constant("alias" as const), taskId: fc.constant("task-1"), targets: texts, at: text }),
) as fc.Arbitrary<PauseDocument>;

test("what was encoded is what is decoded", () => {
  fc.assert(
    fc.property(documents, (document) => {
      expect(decodeDocument(encodeDocument(document), "task-1", store, undefined)).toEqual(document);
    }),
    { numRuns: 200 },
  );
});

/** A place in a JSON value that holds something else afterwards, or nothing. */
function changed(value: unknown, path: readonly number[], replacement: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== "object" || value === null) return replacement;
  const entries = Object.entries(value);
  if (entries.length === 0) return replacement;
  const at = step % entries.length;
  const copy = entries.map(([name, item], index): [string, unknown] => [
    name,
    index === at ? changed(item, rest, replacement) : item,
  ]);
  return Array.isArray(value) ? copy.map(([, item]) => item) : Object.fromEntries(copy);
}

const strange: fc.Arbitrary<unknown> = fc.oneof(
  json,
  fc.constantFrom(
    undefined,
    null,
    -1,
    0,
    1e308,
    2 ** 53,
    "paused",
    "resumed",
    "alias",
    "__proto__",
    "",
    "\ud800",
    [],
    {},
  ),
  text,
);
const mutated = fc
  .tuple(
    documents,
    fc.array(fc.tuple(fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }), strange), { minLength: 1, maxLength: 3 }),
  )
  .map(([document, changes]) => {
    let value: unknown = JSON.parse(new TextDecoder().decode(encodeDocument(document)));
    for (const [path, replacement] of changes) value = changed(value, path, replacement);
    return JSON.stringify(value) ?? "";
  });
const cut = fc.tuple(documents, fc.nat(), fc.uint8Array({ maxLength: 3 })).map(([document, length, rest]) => {
  const bytes = encodeDocument(document);
  return Buffer.concat([bytes.subarray(0, length % bytes.byteLength), rest]);
});
const bodies: fc.Arbitrary<Uint8Array> = fc.oneof(
  mutated.map((source) => new TextEncoder().encode(source)),
  json.map((value) => new TextEncoder().encode(JSON.stringify(value))),
  cut,
  fc.uint8Array(),
);

test("whatever is stored is read, or is corrupt", () => {
  fc.assert(
    fc.property(bodies, (body) => {
      try {
        const document = decodeDocument(body, "task-1", store, undefined);
        // Then it is one that could have been written.
        expect(decodeDocument(encodeDocument(document), "task-1", store, undefined)).toEqual(document);
      } catch (error) {
        if (!CheckpointError.is(error, "corrupt")) throw error;
        expect(error.message).toContain("It was left as it is.");
      }
    }),
    { numRuns: 1_000 },
  );
});

test("whatever is stored, the ledger answers or refuses, and leaves what it cannot read", async () => {
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      await using own = await createMemoryStore();
      const ledger = createPauseLedger(own);
      await own.put(documentKey("task-1"), body);
      const envelope = { id: "task-1", route: { prev: [], curr: "x-pause", next: ["next"] }, payload: { a: 1 } };
      const answer = { ...envelope, id: "resume-task-1", route: { prev: [], curr: "x-resume", next: [] } };
      const isCorrupt = await ledger.inspect("task-1").then(
        () => false,
        (error: unknown) => CheckpointError.is(error, "corrupt"),
      );
      const attempts = [
        () => ledger.inspect("task-1"),
        () => Array.fromAsync(ledger.list()),
        () => ledger.resume(answer, { mergeMode: "deep", validation: "strict" }),
        () => ledger.resume(answer),
        () => ledger.pause(envelope),
        () => ledger.cancel("task-1"),
        () => ledger.prune({ olderThanMs: 0 }),
      ];
      for (const attempt of attempts) {
        try {
          await attempt();
        } catch (error) {
          if (!CheckpointError.is(error) && !LedgerError.is(error)) throw error;
        }
        if (isCorrupt) expect((await own.get(documentKey("task-1")))?.body).toEqual(new Uint8Array(body));
      }
    }),
    { numRuns: 250 },
  );
});
