import { describe, expect, test } from "vitest";

import { classifyFailure } from "./s3-error.ts";

const message = "words of the server";

describe("what a failed request means", () => {
  test.each([
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    [{ status: 412, code: "PreconditionFailed" }, "conflict", false, "not-applied"],
    [{ status: 404, code: "NoSuchKey" }, "conflict", false, "not-applied"],
    [{ status: 409, code: "ConditionalRequestConflict" }, "unavailable", true, "not-applied"],
    [{ status: 409, code: "OperationAborted" }, "unavailable", true, "not-applied"],
    // https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    [{ status: 404, code: "NoSuchBucket" }, "not-found", false, "not-applied"],
    [{ status: 301, code: "PermanentRedirect", region: "eu-west-1" }, "not-found", false, "not-applied"],
    [{ status: 403, code: "AccessDenied" }, "permission-denied", false, "not-applied"],
    [{ status: 403, code: "SignatureDoesNotMatch" }, "permission-denied", false, "not-applied"],
    [{ status: 403 }, "permission-denied", false, "not-applied"],
    [{ status: 503, code: "SlowDown" }, "unavailable", true, "not-applied"],
    // A lost write quorum of MinIO, of which a part may have been written.
    [{ status: 503, code: "SlowDownWrite" }, "unavailable", true, "unknown"],
    [{ status: 500, code: "InternalError" }, "unavailable", true, "unknown"],
    [{ status: 504 }, "unavailable", true, "unknown"],
    [{ status: 400, code: "EntityTooLarge" }, "too-large", false, "not-applied"],
    [{ status: 501, code: "NotImplemented" }, "unsupported", false, "not-applied"],
    [{ status: 400, code: "KMS.DisabledException" }, "permission-denied", false, "not-applied"],
    [{ status: 404, code: "kms:KeyNotFound" }, "permission-denied", false, "not-applied"],
    // A proxy's, not a server's: it says nothing about a key.
    [{ status: 404 }, "unavailable", false, "unknown"],
    [{ cause: { code: "ECONNREFUSED" } }, "unavailable", true, "not-applied"],
    [{ cause: { code: "ECONNRESET" } }, "unavailable", true, "unknown"],
    [{ cause: { code: "HPE_INVALID_CONSTANT" } }, "unavailable", false, "unknown"],
    [{ cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } }, "unavailable", false, "not-applied"],
    [{ unsent: "credentials" as const }, "permission-denied", false, "not-applied"],
    [{ unsent: "configuration" as const }, "invalid-argument", false, "not-applied"],
  ])("%j", (facts, code, retryable, outcome) => {
    expect(classifyFailure({ ...facts, message }, "write")).toMatchObject({ code, retryable, outcome });
  });

  test("a 403 names what the operation needs, and for a read the missing key as the other cause", () => {
    const remedy = (operation: "read" | "list"): string =>
      classifyFailure({ status: 403, code: "AccessDenied", message }, operation).remedy ?? "";
    expect(remedy("read")).toMatch(/s3:GetObject.*s3:ListBucket.*nothing is stored under the key/u);
    expect(remedy("list")).toMatch(/s3:ListBucket/u);
  });

  test("the wait that a server asks for is honoured, in seconds or as a date", () => {
    const wait = (retryAfter: string): number | undefined =>
      classifyFailure({ status: 503, code: "SlowDown", message, retryAfter }, "write").retryAfterMs;
    expect(wait("2")).toBe(2000);
    expect(wait(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(50_000);
    expect(wait("Thu, 01 Jan 1970 00:00:00 GMT")).toBe(0);
    expect(wait("soon")).toBeUndefined();
  });
});
