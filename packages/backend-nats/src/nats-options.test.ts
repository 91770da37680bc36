import { inspect } from "node:util";

import { CheckpointError } from "@holdpoint/core";
import { describe, expect, test } from "vitest";

import { createNatsStore } from "./index.ts";
import { parseNatsUrl } from "./nats-options.ts";

const parse = (url: string, environment: Record<string, string> = {}): object =>
  parseNatsUrl(new URL(url), environment);

describe("a URL", () => {
  test.each([
    ["nats://h/b", { servers: ["h:4222"], bucket: "b" }],
    ["nats://h:1/b/", { servers: ["h:1"], bucket: "b" }],
    ["nats://[::1]:4333/b", { servers: ["[::1]:4333"], bucket: "b" }],
    ["nats://h/b?prefix=team-a/&replicas=3", { servers: ["h:4222"], bucket: "b", prefix: "team-a/", replicas: 3 }],
    ["nats://h/b?servers=i:1,j:2,h:4222", { servers: ["h:4222", "i:1", "j:2"], bucket: "b" }],
    ["nats://a%40b:p%3Aq@h/b", { servers: ["h:4222"], bucket: "b", user: "a@b", password: "p:q" }],
    ["nats://t0ken@h/b", { servers: ["h:4222"], bucket: "b", token: "t0ken" }],
    ["nats://h/b?creds=/run/x.creds", { servers: ["h:4222"], bucket: "b", credsFile: "/run/x.creds" }],
    ["nats://h/b?tls=true", { servers: ["h:4222"], bucket: "b", tls: true }],
    [
      "nats://h/b?tlsCa=/ca.pem&tlsFirst=true",
      { servers: ["h:4222"], bucket: "b", tls: { caFile: "/ca.pem", handshakeFirst: true } },
    ],
    [
      "nats://h/b?storage=memory&create=false&inboxPrefix=_MINE&timeoutMs=5",
      { servers: ["h:4222"], bucket: "b", storage: "memory", create: false, inboxPrefix: "_MINE", timeoutMs: 5 },
    ],
  ])("%s", (url, options) => {
    expect(parse(url)).toEqual(options);
  });

  test.each([
    ["nats://h/b?bucket=c", /there is no option "bucket"; there are: attemptTimeoutMs, create, creds, .*tlsKey/u],
    ["nats://h/b?replicas=many", /"replicas": expected a whole number/u],
    ["nats://h/b?tls=false&tlsCa=/ca.pem", /tls=false excludes/u],
    ["nats://h/b/c", /give a prefix as \?prefix=/u],
    ["nats://h/b#c", /write %23/u],
    ["nats://h", /no bucket, and NATS_KV_BUCKET is not set/u],
    ["nats:///b", /no host, and NATS_URL is not set/u],
    ["nats://ann:s3cret%zz@h/b", /write %25/u],
    ["nats://ann:12/s3cret@h/b", /write %40/u],
  ])("%s is refused", (url, message) => {
    let refusal: unknown;
    try {
      parse(url);
    } catch (error) {
      refusal = error;
    }
    expect(CheckpointError.is(refusal, "invalid-argument")).toBe(true);
    expect((refusal as Error).message).toMatch(message);
    expect(inspect(refusal)).not.toContain("s3cret");
  });
});

describe("the environment", () => {
  const environment = {
    NATS_URL: "nats://ann:pw@one:1,two",
    NATS_KV_BUCKET: "from-environment",
    NATS_CREDS_FILE: "/run/x.creds",
    STATE_PREFIX: "team-b/",
  };

  test("fills in what a URL leaves out", () => {
    expect(parse("nats:///", environment)).toEqual({
      servers: ["one:1", "two:4222"],
      user: "ann",
      password: "pw",
      bucket: "from-environment",
      prefix: "team-b/",
    });
    expect(parse("nats://h", environment)).toEqual({
      servers: ["h:4222"],
      bucket: "from-environment",
      credsFile: "/run/x.creds",
      prefix: "team-b/",
    });
  });

  test("does not win over a URL", () => {
    expect(parse("nats://t0ken@h/b?prefix=a/", environment)).toEqual({
      servers: ["h:4222"],
      token: "t0ken",
      bucket: "b",
      prefix: "a/",
    });
  });

  test("may ask for TLS with the scheme of the address", () => {
    expect(parse("nats:///b", { NATS_URL: "tls://h" })).toEqual({ servers: ["h:4222"], bucket: "b", tls: true });
  });

  test("is refused where it makes no sense", () => {
    expect(() => parse("nats:///b", { NATS_URL: "http://h" })).toThrow(/NATS_URL is not a list of addresses/u);
  });
});

test.each([
  [{ bucket: "a.b", servers: ["h:1"] }, /the bucket "a\.b" is not a name/u],
  [{ bucket: "", servers: ["h:1"] }, /the bucket "" is not a name/u],
  [{ bucket: "b" }, /neither servers nor a client/u],
  [{ bucket: "b", servers: ["nats://ann:s3cret@h:1"] }, /of the form host:port/u],
  [{ bucket: "b", servers: ["h:1"], prefix: "é".repeat(129) }, /at most 256 UTF-8 bytes/u],
  [{ bucket: "b", servers: ["h:1"], replicas: 6 }, /replicas is 6/u],
])("options that cannot work are refused before anything is sent: %#", async (options, message) => {
  const refusal: unknown = await createNatsStore(options).catch((error: unknown) => error);
  expect(CheckpointError.is(refusal, "invalid-argument")).toBe(true);
  expect((refusal as Error).message).toMatch(message);
  expect(inspect(refusal)).not.toContain("s3cret");
});
