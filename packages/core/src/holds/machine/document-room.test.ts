import { expect, it } from "vitest";

import { createMemoryStore } from "../../drivers/memory-store.ts";
import { CheckpointError } from "../../store/checkpoint-error.ts";
import type { CheckpointStore, GetOptions } from "../../store/checkpoint-store.ts";
import { DocumentRoom, smallDocumentBytes } from "./document-room.ts";
import type { HoldDocuments } from "./hold-documents.ts";
import { HoldMachine } from "./hold-machine.ts";

const documents: HoldDocuments<string> = {
  prefixes: ["texts/"],
  key: (id) => `texts/${id}`,
  idOfKey: (key) => key.slice("texts/".length),
  idOf: (text) => text.slice(0, 1),
  subject: (id) => `the text ${id}`,
  contentName: "text",
  encode: (text) => Buffer.from(text),
  decode: ({ body }) => Buffer.from(body).toString(),
  endedAt: () => undefined,
  stub: () => undefined,
};
const small = "s".repeat(smallDocumentBytes);
const large = "l".repeat(smallDocumentBytes + 1);
const larger = "l".repeat(3 * smallDocumentBytes);

async function startMachine(watch: (options: GetOptions) => Promise<void> = async () => undefined) {
  const memory = await createMemoryStore();
  const store = Object.create(memory, {
    get: {
      value: async (key: string, options: GetOptions) => {
        await watch(options);
        return await memory.get(key, options);
      },
    },
    put: { value: memory.put.bind(memory) },
    capabilities: { value: memory.capabilities },
    backend: { value: "memory" },
    location: { value: "memory:" },
  }) as CheckpointStore;
  const machine = new HoldMachine(store, documents);
  const asked: number[] = [];
  const room = new DocumentRoom(async (bytes) => void asked.push(bytes));
  return { memory, machine, asked, room };
}

it("is asked for what a large document takes, once it is known, and for a small one never", async () => {
  const { machine, asked, room } = await startMachine();
  await machine.write("write", small, undefined);
  await machine.write("write", large, undefined);
  expect((await machine.load("s", { room }))?.document).toBe(small);
  expect(await machine.load("missing", { room })).toBeUndefined();
  expect(asked).toEqual([]);
  expect((await machine.load("l", { room }))?.document).toBe(large);
  expect(asked).toEqual([large.length]);
  // It has it already.
  await machine.load("l", { room });
  expect(asked).toEqual([large.length]);
});

it("is asked for the rest of a document that has grown before it could be read, and reads nothing unasked", async () => {
  const wanted: (number | undefined)[] = [];
  const { memory, machine, asked } = await startMachine(async ({ maxBytes }) => void wanted.push(maxBytes));
  await machine.write("write", large, undefined);
  const room = new DocumentRoom(async (bytes) => {
    asked.push(bytes);
    if (asked.length === 1) await memory.put("texts/l", Buffer.from(larger));
  });
  expect((await machine.load("l", { room }))?.document).toBe(larger);
  expect(asked).toEqual([large.length, larger.length - large.length]);
  expect(wanted).toEqual([smallDocumentBytes, large.length, larger.length]);
});

it("ends what it is asked for where there will be none", async () => {
  const { machine } = await startMachine();
  await machine.write("write", large, undefined);
  const reason = new Error("too late");
  const room = new DocumentRoom(() => Promise.reject(reason));
  await expect(machine.load("l", { room })).rejects.toBe(reason);
  const change = machine.change(
    {
      operation: "change",
      id: "l",
      find: (options) => machine.load("l", options),
      judge: () => ({ verdict: "changed", next: "l" }),
    },
    { room },
  );
  await expect(change).rejects.toBe(reason);
  expect((await machine.load("l"))?.document).toBe(large);
});

it("gives what was let go of to the next", async () => {
  const { asked, room } = await startMachine();
  await room.makeFor("a", 10);
  room.letGo("a");
  await room.makeFor("b", 7);
  await room.makeFor("c", 7);
  room.letGo("b");
  room.letGo("never held");
  await room.makeFor("c", 20);
  expect(asked).toEqual([10, 4, 6]);
});

it("fails as the store does where that refuses for another reason", async () => {
  const { machine, room } = await startMachine(() =>
    Promise.reject(new CheckpointError("too-large", "refused", { sizeBytes: 1 })),
  );
  await expect(machine.load("l", { room })).rejects.toMatchObject({ code: "too-large", message: "refused" });
});
