import { describe, expect, it } from "vitest";

import { redactCredentials, redactStoreUrl } from "./redact-credentials.ts";

describe("redactStoreUrl", () => {
  it.each([
    ["s3://bucket/prefix?region=eu-west-1", "s3://bucket/prefix?region=eu-west-1"],
    ["/state", "/state"],
    ["redis://user:hunter2@host:6379/0", "redis://***@host:6379/0"],
    ["redis://:hunter2@host", "redis://***@host"],
    ["redis://:hun/ter2@host", "redis://***"],
    ["redis://:hun@ter2@host", "redis://***@host"],
    ["redis://:hun?ter2@host", "redis://***"],
    ["redis://:hun#ter2@host", "redis://***"],
    ["redis://host?hunter2", "redis://host?***"],
    ["redis://host/0?prefix=a#hunter2", "redis://host/0?prefix=a#***"],
    ["redis://host?prefix=a@b&password=hunter2", "redis://host?prefix=***&password=***"],
    ["/state#1&2?3", "/state#1&2?3"],
    ["user:hunter2@host:6379", "***"],
    ["redis//user:hunter2@host", "***"],
    ["/data/team@example.com/state", "/data/team@example.com/state"],
    ["file:///data/a%20b", "file:///data/a%20b"],
    ["redis://[::1]:6379/0", "redis://[::1]:6379/0"],
    ["s3://b?secretAccessKey=hunter2&region=x", "s3://b?secretAccessKey=***&region=x"],
    ["redis://host?password=hunter2", "redis://host?password=***"],
  ])("shows %s as %s", (url, shown) => {
    expect(redactStoreUrl(url)).toBe(shown);
  });

  it.each(["redis://u:hun/ter2@host", "redis://u:hun@ter2@host", "redis://u:hun?ter2@host", "redis://u:hun#ter2@host"])(
    "masks all of %s in a text, which nobody escaped",
    (url) => {
      expect(redactCredentials(`cannot reach "${url}" of bob@example.com`)).toBe(
        'cannot reach "redis://***@host" of bob@example.com',
      );
    },
  );

  it("masks what a person typed in whatever form it comes back", () => {
    const typed = ['redis:/u:hun ter"2@host'];
    for (const text of [
      typed[0],
      JSON.stringify(typed[0]),
      "/work/redis:/u:hun ter",
      encodeURIComponent('hun ter"2'),
    ]) {
      expect(redactCredentials(`cannot open ${text}`, typed)).not.toMatch(/hun|ter"/u);
    }
    expect(redactCredentials("there is no task task-1 at /a@b", ["task-1", "/a@b"])).toBe(
      "there is no task task-1 at /a@b",
    );
  });

  it("takes no time for long texts that nearly match", () => {
    const startedAt = performance.now();
    for (const part of ["a:", "a", "redis:", "secret", "%3a", "a://", "x@"]) redactCredentials(part.repeat(50_000));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it("leaves text without a URL in it alone", () => {
    expect(redactCredentials("mail bob@example.com about redis://a:b@host")).toBe(
      "mail bob@example.com about redis://***@host",
    );
  });
});
