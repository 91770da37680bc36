import { CheckpointError } from "@holdpoint/core";
import { describe, expect, test } from "vitest";

import { createS3Store } from "./index.ts";
import { parseS3Url } from "./s3-options.ts";

const parse = (url: string, environment: Record<string, string> = {}): object =>
  JSON.parse(JSON.stringify(parseS3Url(new URL(url), environment))) as object;

describe("s3: URLs", () => {
  test("every part and option is read", () => {
    expect(
      parse(
        "s3://asya-checkpoints/team-a/%C3%A9?region=eu-west-1&endpoint=http%3A%2F%2Flocalhost%3A9000&pathStyle=false&serverSideEncryption=aws:kms&kmsKeyId=alias/k&unsafeAllowMissingPreconditions=true&timeoutMs=5",
      ),
    ).toEqual({
      bucket: "asya-checkpoints",
      prefix: "team-a/é",
      region: "eu-west-1",
      endpoint: "http://localhost:9000",
      pathStyle: false,
      serverSideEncryption: "aws:kms",
      kmsKeyId: "alias/k",
      unsafeAllowMissingPreconditions: true,
      timeoutMs: 5,
    });
  });

  test.each([
    ["s3://", { bucket: "from-environment", prefix: "team-e" }],
    ["s3:///team-a", { bucket: "from-environment", prefix: "team-a" }],
    ["s3://mine", { bucket: "mine", prefix: "team-e" }],
    ["s3://mine/", { bucket: "mine", prefix: "" }],
    ["s3://mine/team-a", { bucket: "mine", prefix: "team-a" }],
    ["s3://mine?prefixRules=state-proxy", { bucket: "mine", prefix: "team-e", prefixRules: "state-proxy" }],
    ["s3://mine/team/?prefixRules=state-proxy", { bucket: "mine", prefix: "team/", prefixRules: "state-proxy" }],
  ])("%s with STATE_BUCKET and STATE_PREFIX set", (url, expected) => {
    expect(parse(url, { STATE_BUCKET: "from-environment", STATE_PREFIX: "team-e" })).toEqual(expected);
  });

  test.each([
    [{ AWS_REGION: "r1", AWS_DEFAULT_REGION: "r2" }, { region: "r1" }],
    [{ AWS_DEFAULT_REGION: "r2" }, { region: "r2" }],
    [{ AWS_ENDPOINT_URL: "http://a" }, { endpoint: "http://a" }],
    [{ AWS_ENDPOINT_URL: "http://a", AWS_ENDPOINT_URL_S3: "http://b" }, { endpoint: "http://b" }],
    [{ AWS_ENDPOINT_URL: "http://a", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" }, {}],
  ])("with %j", (environment, expected) => {
    expect(parse("s3://b", environment as Record<string, string>)).toEqual({ bucket: "b", ...expected });
  });

  test("the URL wins over the environment", () => {
    expect(
      parse("s3://b/p?region=r&endpoint=http://e", {
        AWS_REGION: "x",
        AWS_ENDPOINT_URL: "http://x",
        STATE_BUCKET: "x",
      }),
    ).toMatchObject({ bucket: "b", region: "r", endpoint: "http://e" });
  });

  test.each([
    ["s3://", "STATE_BUCKET"],
    ["s3://b?colour=red", "there are: attemptTimeoutMs, endpoint, kmsKeyId"],
    ["s3://key:secret@b", "credentials"],
    ["s3://key:12/secret@b", "%40"],
    ["s3:///key:secret@b", "%40"],
    ["s3://b:9000/p", "endpoint="],
    ["s3://b/p#q", "%23"],
    ["s3://b/%E0%A4", "hexadecimal"],
    ["s3://b?serverSideEncryption=rot13", "AES256, aws:kms"],
  ])("%s is refused", (url, words) => {
    let caught: unknown;
    try {
      parse(url);
    } catch (error) {
      caught = error;
    }
    expect(caught).toSatisfy((error) => CheckpointError.is(error, "invalid-argument"));
    expect(String(caught)).toContain(words);
    expect(String(caught)).not.toContain("secret@");
  });
});

describe("options that are refused before any request", () => {
  test.each([
    [{ bucket: "" }, "bucket"],
    [{ bucket: "b", prefix: "a//b" }, "segment"],
    [{ bucket: "b", prefix: "../x" }, "segment"],
    [{ bucket: "b", prefix: "x".repeat(300) }, "at most"],
    [{ bucket: "b", endpoint: "localhost:9000" }, "http://"],
    [{ bucket: "b", endpoint: "http://u:secret@localhost" }, "credentials"],
    [{ bucket: "b", kmsKeyId: "k", serverSideEncryption: "AES256" as const }, "aws:kms"],
    [{ bucket: "b", region: "eu-west-1", timeoutMs: 0 }, "timeoutMs"],
  ])("%j", async (options, words) => {
    const error = await createS3Store(options).catch((caught: unknown) => caught);
    expect(error).toSatisfy((caught) => CheckpointError.is(caught, "invalid-argument"));
    expect(String(error)).toContain(words);
    expect(String(error)).not.toContain("secret");
  });
});
