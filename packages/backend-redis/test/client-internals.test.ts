import { createRequire } from "node:module";
import { Duplex } from "node:stream";

import { Command } from "ioredis";
import { describe, expect, onTestFinished, test } from "vitest";

import { OneTimeCommand } from "../src/redis-command.ts";
import { inspector, redis } from "./test-server.ts";

const { version } = createRequire(import.meta.url)("ioredis/package.json") as { readonly version: string };

function connected(): ReturnType<typeof inspector> {
  const client = inspector();
  onTestFinished(() => client.disconnect());
  return client;
}

// What `redis-command.ts` leans on, and ioredis does not document.
describe.skipIf(redis.isMissing)(`ioredis ${version}`, () => {
  test("asks a command for its bytes as it writes it, with the stream that it writes to", async () => {
    const client = connected();
    const command = new OneTimeCommand("echo", ["hello"]);
    expect(await client.sendCommand(command)).toEqual(Buffer.from("hello"));
    expect(command.connection, "toWritable was not called, or with no stream").toBeInstanceOf(Duplex);
  });

  test("takes other bytes from it, and the answer to these as the command's", async () => {
    const client = connected();
    const command = new OneTimeCommand("set", ["canary", "1"], { signal: AbortSignal.abort() });
    expect(String(await client.sendCommand(command))).toBe("PONG");
    expect(command.withheld).toBe(true);
  });

  test("encodes arguments that are bytes as we do", () => {
    const args = ["key", Buffer.from([0, 1, 254, 255]), "PX", "1000"];
    const theirs = new Command("set", [...args]).toWritable(new Duplex());
    expect(Buffer.from(new OneTimeCommand("set", args).toWritable(new Duplex()))).toEqual(Buffer.from(theirs));
  });

  test("rejects a command by its own function, with an error that has the very arguments", async () => {
    const client = connected();
    const command = new OneTimeCommand("eval", ["return redis.error_reply('TRYAGAIN later')", "0"]);
    const answer = client.sendCommand(command);
    command.forgetRedirections();
    const error: unknown = await Promise.resolve(answer).catch((problem: unknown) => problem);
    expect(command.isAnswer(error), "the error has not the command's arguments").toBe(true);
    expect(command.connection, "reject was not called").toBeUndefined();
  });
});
