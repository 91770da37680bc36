import { describe, expect, it } from "vitest";

import { redactCredentials, redactStoreUrl } from "./redact-credentials.ts";

describe("redactStoreUrl", () => {
  it.each([
    ["s3://bucket/prefix?region=eu-west-1", "s3://bucket/prefix?region=eu-west-1"],
    ["/state", "/state"],
    ["redis://user:hunter2@host:6379/0", "redis://***@host:6379/0"],
    ["redis://:hunter2@host", "redis://***@host"],
    ["redis://:hun/ter2@host", "redis://***@host"],
    ["redis://:hun@ter2@host", "redis://***@host"],
    ["redis://:hun?ter2@host", "redis://***@host"],
    ["redis://:hun#ter2@host", "redis://***@host"],
    ["redis://host?hunter2", "redis://host?***"],
    ["redis://host/0?prefix=a#hunter2", "redis://host/0?prefix=a#***"],
    ["redis://host?prefix=a@b&password=hunter2", "redis://***@b&password=***"],
    ["/state#1&2?3", "/state#1&2?3"],
    ["user:hunter2@host:6379", "user:***@host:6379"],
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

  it("leaves text without a URL in it alone", () => {
    expect(redactCredentials("mail bob@example.com about redis://a:b@host")).toBe(
      "mail bob@example.com about redis://***@host",
    );
  });
});
