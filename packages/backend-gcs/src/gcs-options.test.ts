import { CheckpointError } from "@holdpoint/core";
import { describe, expect, test } from "vitest";

import { assertBucketName, normalizeEndpoint, normalizePrefix, parseGcsUrl } from "./gcs-options.ts";

function parse(url: string, environment: Record<string, string> = {}): unknown {
  return parseGcsUrl(new URL(url), environment);
}

function problemOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (CheckpointError.is(error, "invalid-argument")) return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("the URL", () => {
  test("names bucket, prefix and options", () => {
    const url =
      "gs://asya_checkpoints.example/team%20a/x?endpoint=http://127.0.0.1:4443&projectId=p-1&unsafeAllowMissingPreconditions=true&timeoutMs=5000";
    expect(parse(url)).toEqual({
      bucket: "asya_checkpoints.example",
      prefix: "team a/x",
      endpoint: "http://127.0.0.1:4443",
      projectId: "p-1",
      unsafeAllowMissingPreconditions: true,
      timeoutMs: 5000,
    });
  });

  test("wins over the environment, which fills in what it does not say", () => {
    const environment = {
      STATE_BUCKET: "other-bucket",
      STATE_PREFIX: "team-b",
      GCS_PROJECT: "p-2",
      STORAGE_EMULATOR_HOST: "http://127.0.0.1:1",
    };
    expect(parse("gs://asya/team-a?endpoint=http://127.0.0.1:2&projectId=p-1", environment)).toEqual({
      bucket: "asya",
      prefix: "team-a",
      projectId: "p-1",
      endpoint: "http://127.0.0.1:2",
    });
    expect(parse("gs://", environment)).toEqual({
      bucket: "other-bucket",
      prefix: "team-b",
      projectId: "p-2",
      endpoint: "http://127.0.0.1:1",
    });
    expect(parse("gs:///team-a", environment)).toMatchObject({ bucket: "other-bucket", prefix: "team-a" });
  });

  test.each([
    [
      "gs://asya?bukket=1",
      /there is no option "bukket"; there are: .*endpoint.*projectId.*unsafeAllowMissingPreconditions/,
    ],
    ["gs://", /no bucket.*STATE_BUCKET/],
    ["gs://user:hunter2@asya/", /user, a password or a port/],
    ["gs:///user:hunter2@asya/", /%40/],
    ["gs://127.0.0.1:4443/asya", /endpoint=/],
    ["gs://asya/a#b", /%23/],
    ["gs://asya/%ff", /percent-encoded/],
    ["gs://asya?unsafeAllowMissingPreconditions=1", /true or false/],
  ])("%s is refused in words", (url, problem) => {
    expect(problemOf(() => parse(url))).toMatch(problem);
    expect(problemOf(() => parse(url))).not.toContain("hunter2");
  });
});

test.each(["ab", "Asya", "a b", "a/b", "-asya", "a".repeat(223), 7])("%j is not the name of a bucket", (bucket) => {
  expect(problemOf(() => assertBucketName(bucket))).toContain("not the name of a bucket");
});

test.each([
  ["", ""],
  ["team-a", "team-a/"],
  ["team-a/", "team-a/"],
])("the prefix %j becomes %j", (prefix, normalized) => {
  expect(normalizePrefix(prefix)).toBe(normalized);
});

test.each(["a/../b", "./a", "a\nb", ".well-known/acme-challenge", "\ud800", "p".repeat(200)])(
  "the prefix %j is refused",
  (prefix) => {
    expect(problemOf(() => normalizePrefix(prefix))).toContain("the prefix");
  },
);

test.each([
  ["127.0.0.1:4443", "http://127.0.0.1:4443"],
  ["http://localhost:4443/", "http://localhost:4443"],
  ["http://localhost:4443/storage/v1/", "http://localhost:4443"],
  ["https://storage.googleapis.com", "https://storage.googleapis.com"],
])("the endpoint %s is %s", (endpoint, normalized) => {
  expect(normalizeEndpoint(endpoint)).toBe(normalized);
});

test.each([
  "http://user:hunter2@localhost",
  "http://user:12/hunter2@localhost",
  "ftp://localhost",
  "http://",
  "http://a?b=1",
])("the endpoint %s is refused", (endpoint) => {
  const problem = problemOf(() => normalizeEndpoint(endpoint));
  expect(problem).toContain("STORAGE_EMULATOR_HOST");
  expect(problem).not.toContain("hunter2");
});
