import { inspect } from "node:util";

import { ReplyError } from "ioredis";
import { describe, expect, test } from "vitest";

import { AnswerLostError, classifyRedisError, RequestNotSentError, withoutArguments } from "./redis-error.ts";

const reply = (message: string): Error => new ReplyError(message);

describe("what the server says", () => {
  // The wordings of Redis 6.2.5, 7.0.15 and 8.2.3 and of Valkey 9.1.2, as they answered them.
  test.each([
    ["WRONGTYPE Operation against a key holding the wrong kind of value", "corrupt", false],
    ["@user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.", "unavailable", false],
    ["OOM command not allowed when used memory > 'maxmemory'.", "unavailable", false],
    [
      "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
      "unavailable",
      false,
    ],
    ["READONLY You can't write against a read only replica.", "unavailable", true],
    ["@user_script: 9: -READONLY You can't write against a read only replica.", "unavailable", true],
    ["LOADING Redis is loading the dataset in memory", "unavailable", true],
    ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "unavailable", true],
    ["CLUSTERDOWN Hash slot not served", "unavailable", true],
    ["TRYAGAIN Multiple keys request during rehashing of slot", "unavailable", true],
    ["NOREPLICAS Not enough good replicas to write.", "unavailable", true],
    ["BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", "unavailable", true],
    ["ERR max number of clients reached", "unavailable", true],
    ["MOVED 3999 127.0.0.1:6381", "unsupported", false],
    ["ERR This instance has cluster support disabled", "unsupported", false],
    ["ERR unknown command 'evalsha'", "unsupported", false],
    ["NOAUTH Authentication required.", "permission-denied", false],
    ["WRONGPASS invalid username-password pair or user is disabled.", "permission-denied", false],
    ["NOPERM this user has no permissions to run the 'set' command", "permission-denied", false],
    ["@user_script: 1: The user executing the script can't run this command or subcommand", "permission-denied", false],
    ["ERR The user executing the script can't run this command or subcommand", "permission-denied", false],
    ["ERR ACL failure in script: User bob has no permissions to run the 'set' command", "permission-denied", false],
    ["DENIED Redis is running in protected mode because protected mode is enabled", "permission-denied", false],
    ["ERR DB index is out of range", "invalid-argument", false],
    ["ERR Protocol error: invalid bulk length", "too-large", false],
  ])("%s", (message, code, retryable) => {
    expect(classifyRedisError(reply(message))).toMatchObject({ code, retryable, outcome: "not-applied" });
  });

  test("what nobody knows may come from a proxy that has passed the request on", () => {
    expect(classifyRedisError(reply("ERR upstream failure"))).toMatchObject({
      code: "unavailable",
      outcome: "unknown",
    });
  });
});

describe("what happened to the connection", () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });

  test("before the request was sent", () => {
    expect(classifyRedisError(new RequestNotSentError(refused))).toMatchObject({
      code: "unavailable",
      outcome: "not-applied",
    });
    expect(classifyRedisError(new RequestNotSentError(reply("WRONGPASS x")))).toMatchObject({
      code: "permission-denied",
    });
    expect(classifyRedisError(new RequestNotSentError(undefined))).toMatchObject({
      code: "unavailable",
      retryable: true,
    });
  });

  test("after it was sent, even if the reason is that there is no connection now", () => {
    expect(classifyRedisError(new AnswerLostError(refused))).toMatchObject({
      code: "unavailable",
      retryable: true,
      outcome: "unknown",
    });
    expect(classifyRedisError(new AnswerLostError(undefined))).toMatchObject({ outcome: "unknown" });
  });

  test("anything at all", () => {
    for (const error of [undefined, null, "text", {}, new Error("?")]) {
      expect(classifyRedisError(error)).toMatchObject({ code: "unavailable", outcome: "unknown" });
    }
  });
});

describe("passwords", () => {
  test("are removed from the error of a command that failed", () => {
    const error = Object.assign(
      reply("ERR unknown command `HELLO`, with args beginning with: `3` `AUTH` `bob` `s3cret`"),
      {
        command: { name: "hello", args: ["3", "AUTH", "bob", "s3cret"] },
      },
    );
    withoutArguments(error);
    expect(inspect(error, { depth: 9 })).not.toContain("s3cret");
    expect(error.message).toBe("ERR unknown command `HELLO`");
  });

  test("are removed from the error of a cluster's last node", () => {
    const lastNodeError = Object.assign(reply("WRONGPASS"), { command: { name: "auth", args: ["s3cret"] } });
    const error = Object.assign(new Error("Failed to refresh slots cache."), { lastNodeError });
    expect(inspect(withoutArguments(error), { depth: 9 })).not.toContain("s3cret");
  });
});

test("an error of another copy of ioredis is recognised by its name", () => {
  const other = Object.defineProperty(new Error("READONLY x"), "name", { value: "ReplyError" });
  expect(classifyRedisError(other)).toMatchObject({ code: "unavailable", outcome: "not-applied" });
});
