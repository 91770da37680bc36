import { Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";

import { expect, test } from "vitest";

import { Output, OutputClosedError } from "../frame/output.ts";
import { LineWriter } from "./line-writer.ts";

const line = `${"x".repeat(99)}\n`;

function outputTo(write: (chunk: string, done: (error?: Error) => void) => void): Output {
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => write(chunk, done),
  });
  return new Output(stream as NodeJS.WriteStream);
}

test("writes the lines of a turn together, and shows them before it is asked for more", async () => {
  const written: string[] = [];
  const lines = new LineWriter(
    outputTo((chunk, done) => {
      written.push(chunk);
      done();
    }),
  );
  await lines.add("a\n");
  await lines.add("b\n");
  await turn();
  await turn();
  expect(written).toEqual(["a\nb\n"]);
  await lines.add("c\n");
  await lines.end();
  expect(written).toEqual(["a\nb\n", "c\n"]);
});

test("waits for a reader that is slower", async () => {
  const stream = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => stream.once("read", done) });
  const lines = new LineWriter(new Output(stream as unknown as NodeJS.WriteStream));
  await lines.add(line);
  await turn();
  await turn();
  let added = 0;
  const adding = (async () => {
    for (; added < 1_000; added += 1) await lines.add(line);
    await lines.end();
  })();
  for (let count = 0; count < 10; count += 1) await turn();
  expect(added).toBeLessThan(200);
  const reading = setInterval(() => stream.emit("read"), 1);
  await adding;
  clearInterval(reading);
  expect(added).toBe(1_000);
});

test("ends where the reader is gone", async () => {
  const gone = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
  const lines = new LineWriter(outputTo((_chunk, done) => done(gone)));
  const adding = async (): Promise<void> => {
    for (;;) await lines.add(line);
  };
  await expect(adding()).rejects.toThrow(OutputClosedError);
  await expect(lines.end()).rejects.toThrow(OutputClosedError);
});
