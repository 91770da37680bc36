import { CheckpointError } from "@holdpoint/core";
import { describe, expect, test } from "vitest";

import { parseMinioUrl } from "./minio-options.ts";

const parse = (url: string, environment: Record<string, string> = {}): object =>
  JSON.parse(JSON.stringify(parseMinioUrl(new URL(url), environment))) as object;

describe("minio: URLs", () => {
  test("every part and option is read", () => {
    expect(parse("minio://key:sec%2Fret@minio.storage:9001/checkpoints/team-a?tls=true&region=eu")).toEqual({
      host: "minio.storage",
      port: 9001,
      bucket: "checkpoints",
      prefix: "team-a",
      tls: true,
      region: "eu",
      accessKey: "key",
      secretKey: "sec/ret",
    });
  });

  test.each([
    ["minio://h/b", { host: "h", bucket: "b", prefix: "team-e" }],
    ["minio://h/b/", { host: "h", bucket: "b", prefix: "" }],
    ["minio://h", { host: "h", bucket: "from-environment", prefix: "team-e" }],
    ["minio://h//p", { host: "h", bucket: "from-environment", prefix: "p" }],
    ["minio://", { host: "e", port: 443, tls: true, bucket: "from-environment", prefix: "team-e" }],
  ])("%s with the variables of the connectors set", (url, expected) => {
    const environment = { STATE_BUCKET: "from-environment", STATE_PREFIX: "team-e", AWS_ENDPOINT_URL: "https://e" };
    expect(parse(url, environment)).toEqual(expected);
  });

  test.each([
    [
      { MINIO_ACCESS_KEY: "m", MINIO_SECRET_KEY: "n", AWS_ACCESS_KEY_ID: "a" },
      { accessKey: "m", secretKey: "n" },
    ],
    [
      { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_SESSION_TOKEN: "c" },
      { accessKey: "a", secretKey: "b", sessionToken: "c" },
    ],
  ])("credentials from %j", (environment, expected) => {
    expect(parse("minio://h/b", environment as unknown as Record<string, string>)).toMatchObject(expected);
  });

  test.each([
    ["minio:///b", "AWS_ENDPOINT_URL"],
    ["minio://h", "STATE_BUCKET"],
    ["minio://h/b?secure=true", "there are: attemptTimeoutMs, maxAttempts, prefixRules, region, timeoutMs, tls"],
    ["minio://h/b#p", "%23"],
    ["minio://key:12/secret@h/b", "%40"],
  ])("%s is refused", (url, words) => {
    expect(() => parse(url)).toThrow(words);
    expect(() => parse(url)).not.toThrow("secret@");
    expect(() => parse(url)).toThrow(CheckpointError);
  });
});
