import { expect, test } from "vitest";

import { classifyGcsError, credentialsFailure, GcsAnswerError, isMissingBucket } from "./gcs-error.ts";

function answer(status: number, body = "", headers: Readonly<Record<string, string>> = {}): GcsAnswerError {
  return new GcsAnswerError({ status, body: new TextEncoder().encode(body), header: (name) => headers[name] });
}

function jsonError(reason: string, message: string): string {
  return JSON.stringify({ error: { code: 0, message, errors: [{ message, domain: "global", reason }] } });
}

const noSuchBucket =
  "<?xml version='1.0'?><Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist.</Message></Error>";
const noSuchKey =
  "<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>";
const denied =
  "<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access denied.</Message><Details>a@b does not have storage.objects.get access</Details></Error>";

test.each([
  [
    412,
    jsonError("conditionNotMet", "At least one of the pre-conditions did not hold"),
    "conflict",
    false,
    "not-applied",
  ],
  [404, jsonError("notFound", "The specified bucket does not exist."), "not-found", false, "not-applied"],
  [401, jsonError("required", "Anonymous caller"), "permission-denied", false, "not-applied"],
  [
    403,
    jsonError("forbidden", "a@b does not have storage.objects.create access"),
    "permission-denied",
    false,
    "not-applied",
  ],
  [403, denied, "permission-denied", false, "not-applied"],
  [403, jsonError("rateLimitExceeded", "slow down"), "unavailable", true, "not-applied"],
  [429, "", "unavailable", true, "not-applied"],
  [413, "", "too-large", false, "not-applied"],
  [400, jsonError("invalid", "Provided MD5 hash does not match"), "unavailable", false, "not-applied"],
  [408, "", "unavailable", true, "unknown"],
  [500, "", "unavailable", true, "unknown"],
  [503, "<html>busy</html>", "unavailable", true, "unknown"],
  [501, "", "unavailable", false, "unknown"],
  [404, "null", "not-found", false, "not-applied"],
  [500, '{"error":{"message":{},"errors":7}}', "unavailable", true, "unknown"],
])("the status %i with %s", (status, body, code, retryable, outcome) => {
  expect(classifyGcsError(answer(status, body))).toMatchObject({ code, retryable, outcome });
});

test("a refusal says what the server says", () => {
  expect(classifyGcsError(answer(403, denied)).message).toContain("a@b does not have storage.objects.get access");
  expect(classifyGcsError(answer(403, denied)).remedy).toContain("storage.objects.list");
});

test("the server's wish to wait is passed on", () => {
  expect(classifyGcsError(answer(429, "", { "retry-after": "3" })).retryAfterMs).toBe(3000);
  expect(classifyGcsError(answer(503, "", { "retry-after": "soon" })).retryAfterMs).toBeUndefined();
});

test.each([
  [noSuchBucket, true],
  [noSuchKey, false],
  ["The specified bucket does not exist.", true],
  ["No such object: the-bucket-does-not-exist/a", false],
  [jsonError("notFound", "The specified bucket does not exist."), true],
  ["", false],
])("a 404 with %s is about the bucket: %s", (body, isAboutBucket) => {
  expect(isMissingBucket(answer(404, body))).toBe(isAboutBucket);
  expect(isMissingBucket(answer(403, body))).toBe(false);
});

test.each([
  ["ECONNREFUSED", "not-applied", true],
  ["ENOTFOUND", "not-applied", true],
  ["CERT_HAS_EXPIRED", "not-applied", false],
  ["EPROTO", "unknown", false],
  ["HPE_INVALID_CONSTANT", "unknown", false],
  ["ECONNRESET", "unknown", true],
  ["ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC", "unknown", false],
])("the connection's error %s leaves the outcome %s", (code, outcome, retryable) => {
  const error = new Error("wrapped", { cause: Object.assign(new Error("connect"), { code }) });
  expect(classifyGcsError(error)).toMatchObject({ code: "unavailable", outcome, retryable });
});

test.each([undefined, null, 7, "text", new TypeError("of undefined")])(
  "what was thrown may be anything: %s",
  (thrown) => {
    expect(classifyGcsError(thrown)).toMatchObject({ code: "unavailable", retryable: false, outcome: "unknown" });
    expect(credentialsFailure(thrown)).toMatchObject({ code: "permission-denied", outcome: "not-applied" });
  },
);
