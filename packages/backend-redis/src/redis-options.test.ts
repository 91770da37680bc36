import { CheckpointError } from "@holdpoint/core";
import { describe, expect, test } from "vitest";

import { parseRedisUrl } from "./redis-options.ts";

const parse = (url: string, environment: Record<string, string> = {}): object =>
  parseRedisUrl(new URL(url), environment);

describe("a URL with a host", () => {
  test.each([
    ["redis://h", { host: "h", prefix: "holdpoint:" }],
    ["redis://h:1234/", { host: "h", port: 1234, prefix: "holdpoint:" }],
    ["rediss://h/3", { host: "h", database: 3, tls: true, prefix: "holdpoint:" }],
    ["redis://[::1]:6380", { host: "::1", port: 6380, prefix: "holdpoint:" }],
    ["redis://us%40er:p%3A%2Fss@h", { host: "h", username: "us@er", password: "p:/ss", prefix: "holdpoint:" }],
    ["redis://:pass@h", { host: "h", password: "pass", prefix: "holdpoint:" }],
    ["redis://h?prefix=", { host: "h", prefix: "" }],
    ["redis://h?prefix=team-a%3A&timeoutMs=5", { host: "h", prefix: "team-a:", timeoutMs: 5 }],
    ["redis://h?waitReplicas=2", { host: "h", prefix: "holdpoint:", durability: { waitReplicas: 2 } }],
    ["rediss://h?tlsCaFile=/ca.pem", { host: "h", prefix: "holdpoint:", tls: true, tlsCaFile: "/ca.pem" }],
  ])("%s", (url, options) => {
    expect(parse(url, { REDIS_URL: "redis://elsewhere" })).toEqual(options);
  });

  test("takes nothing from REDIS_URL, least of all a password", () => {
    expect(parse("redis://h", { REDIS_URL: "redis://user:pass@other/7" })).toEqual({ host: "h", prefix: "holdpoint:" });
  });
});

describe("a cluster", () => {
  test.each([
    ["redis://h:7000?cluster=true", { nodes: [{ host: "h", port: 7000 }], prefix: "holdpoint:" }],
    [
      "redis://h?nodes=i:1,[::1]:2,j",
      {
        nodes: [{ host: "h" }, { host: "i", port: 1 }, { host: "::1", port: 2 }, { host: "j", port: 6379 }],
        prefix: "holdpoint:",
      },
    ],
    ["redis:?nodes=i:1", { nodes: [{ host: "i", port: 1 }], prefix: "holdpoint:" }],
  ])("%s", (url, options) => {
    expect(parse(url)).toEqual(options);
  });
});

describe("sentinels", () => {
  test.each([
    [
      "redis://s1/2?sentinelMaster=m",
      { sentinels: { master: "m", addresses: [{ host: "s1", port: 26_379 }] }, database: 2, prefix: "holdpoint:" },
    ],
    [
      "redis://:pass@s1:5?sentinelMaster=m&sentinels=s2,s3:6&sentinelPassword=spass",
      {
        sentinels: {
          master: "m",
          addresses: [
            { host: "s1", port: 5 },
            { host: "s2", port: 26_379 },
            { host: "s3", port: 6 },
          ],
          password: "spass",
        },
        password: "pass",
        prefix: "holdpoint:",
      },
    ],
  ])("%s", (url, options) => {
    expect(parse(url)).toEqual(options);
  });
});

describe("the environment, where the URL is silent", () => {
  const environment = { REDIS_URL: "rediss://user:pass@h:1234/5", STATE_PREFIX: "state/" };

  test.each([
    ["redis:", { host: "h", port: 1234, username: "user", password: "pass", database: 5, tls: true, prefix: "state/" }],
    [
      "redis://",
      { host: "h", port: 1234, username: "user", password: "pass", database: 5, tls: true, prefix: "state/" },
    ],
    [
      "redis:///2?prefix=own:",
      { host: "h", port: 1234, username: "user", password: "pass", database: 2, tls: true, prefix: "own:" },
    ],
    ["redis://own/2", { host: "own", database: 2, prefix: "state/" }],
    ["redis://own?prefixRules=holdpoint", { host: "own", prefix: "state/" }],
    // As the connectors of Asya's state proxy have it.
    ["redis://own?prefixRules=state-proxy", { host: "own", prefix: "state/:" }],
    ["redis://own?prefixRules=state-proxy&prefix=crew", { host: "own", prefix: "crew:" }],
    ["redis://own?prefixRules=state-proxy&prefix=", { host: "own", prefix: "" }],
  ])("%s", (url, options) => {
    expect(parse(url, environment)).toEqual(options);
  });

  test("options of REDIS_URL hold unless the URL has its own", () => {
    const variables = { REDIS_URL: "redis://s?sentinelMaster=m&prefix=theirs:" };
    expect(parse("redis:", variables)).toMatchObject({ prefix: "theirs:", sentinels: { master: "m" } });
    expect(parse("redis:?prefix=ours:", variables)).toMatchObject({ prefix: "ours:", sentinels: { master: "m" } });
  });

  test("user and password, unless a URL has one", () => {
    const login = { REDIS_USERNAME: "u", REDIS_PASSWORD: "p" };
    expect(parse("redis://h", login)).toMatchObject({ username: "u", password: "p" });
    expect(parse("redis://own@h", login)).toEqual({ host: "h", username: "own", prefix: "holdpoint:" });
    expect(parse("redis:", { ...login, REDIS_URL: "redis://:x@h" })).toEqual({
      host: "h",
      password: "x",
      prefix: "holdpoint:",
    });
  });
});

describe("what cannot be meant", () => {
  test.each([
    ["redis:", {}, "REDIS_URL"],
    ["redis:", { REDIS_URL: "nonsense s3cret" }, "REDIS_URL"],
    ["redis:", { REDIS_URL: "http://:s3cret@h" }, "REDIS_URL"],
    ["redis:", { REDIS_URL: "s3cret:@h" }, "another than redis:"],
    ["redis://user:12/s3cret@h", {}, "%40"],
    ["redis:", { REDIS_URL: "redis://user:12/s3cret@h" }, "%40"],
    ["redis://:s3cret@h%2Fi", {}, "no host has"],
    ["redis://:s3cret@h?nodes=a%3Fb", {}, "host-1:6379"],
    ["redis://:s3cret@h/db", {}, "/0"],
    ["redis://:s3cret@h/0/1", {}, "/0"],
    ["redis://:s3cret%@h", {}, "hexadecimal"],
    ["redis://:s3cret@h#x", {}, "%23"],
    ["redis://:s3cret@h?keyPrefix=x", {}, "there are: attemptTimeoutMs, cluster"],
    ["redis://:s3cret@h?cluster=yes", {}, "true or false"],
    ["redis://:s3cret@h?nodes=a:b", {}, "host-1:6379"],
    ["redis://:s3cret@h?sentinels=a", {}, "sentinelMaster"],
    ["redis://:s3cret@h?sentinelMaster=m&cluster=true", {}, "sentinels"],
    ["redis://:s3cret@h?waitTimeoutMs=10", {}, "waitReplicas"],
  ])("%s", (url, environment, hint) => {
    const attempt = (): object => parse(url, environment);
    expect(attempt).toThrow(CheckpointError);
    expect(attempt).toThrow(hint);
    expect(attempt).not.toThrow("s3cret");
  });
});
