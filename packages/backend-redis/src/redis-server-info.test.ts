import { describe, expect, test } from "vitest";

import { assertUsable, isAtLeast, parseServerInfo } from "./redis-server-info.ts";

// What the servers themselves have answered, shortened.
const redis62 =
  "# Server\r\nredis_version:6.2.5\r\nredis_mode:standalone\r\n\r\nloading:0\r\naof_enabled:0\r\nrole:master\r\nconnected_slaves:0\r\n";
const valkey91 =
  "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\nserver_mode:cluster\r\nrole:slave\r\nconnected_slaves:2\r\naof_enabled:1\r\n";
const sentinel = "# Server\r\nredis_version:7.0.15\r\nredis_mode:sentinel\r\n";

describe("the answer of INFO", () => {
  test("of Redis", () => {
    expect(parseServerInfo(redis62)).toEqual({
      version: "6.2.5",
      product: "Redis",
      productVersion: "6.2.5",
      mode: "standalone",
      role: "master",
      isLoading: false,
      connectedReplicas: 0,
      hasAppendOnlyFile: false,
    });
  });

  test("of Valkey, which calls the mode something else", () => {
    expect(parseServerInfo(valkey91)).toEqual({
      version: "7.2.4",
      product: "valkey",
      productVersion: "9.1.2",
      mode: "cluster",
      role: "slave",
      isLoading: false,
      connectedReplicas: 2,
      hasAppendOnlyFile: true,
    });
  });

  test("of something else", () => {
    expect(parseServerInfo("PONG")).toBeUndefined();
  });
});

test.each([
  ["6.2.5", "6.2", true],
  ["6.2.0", "6.2", true],
  ["6.0.16", "6.2", false],
  ["10.0.0", "6.2", true],
  ["7", "6.2", true],
  ["5.0.14", "6.2", false],
])("%s is at least %s: %s", (version, oldest, expected) => {
  expect(isAtLeast(version, oldest)).toBe(expected);
});

describe("a server that cannot be used", () => {
  const usable = parseServerInfo(redis62);
  if (usable === undefined) throw new Error("the server's answer was not understood");

  test("is none that can", () => {
    expect(() => assertUsable(usable, "standalone")).not.toThrow();
    expect(() => assertUsable({ ...usable, mode: "cluster" }, "cluster")).not.toThrow();
  });

  test.each([
    [{ version: "6.0.16", productVersion: "6.0.16" }, "unsupported", "this is Redis 6.0.16; at least 6.2"],
    [{ mode: "cluster" }, "unsupported", "cluster"],
    [{ role: "slave" }, "unavailable", "replica"],
    [{ isLoading: true }, "unavailable", "loading"],
    [parseServerInfo(sentinel), "unsupported", "Sentinel"],
  ])("%o", (change, code, message) => {
    expect(() => assertUsable({ ...usable, ...change }, "standalone")).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message),
        failure: expect.objectContaining({ code, outcome: "not-applied" }),
      }),
    );
  });
});
