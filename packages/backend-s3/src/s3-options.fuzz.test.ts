import fc from "fast-check";
import { expect, test } from "vitest";

import { impatient, isOnlyCredential, readOrRefuse, refusalToOpen } from "../../core/test/keeps-secret.ts";
import { secret, strangeEnvironment, strangeStoreUrls } from "../../core/test/strange-store-urls.ts";
import { namePrefixOf, pathForPeople } from "./s3-location.ts";
import { backend } from "./index.ts";
import { parseS3Url } from "./s3-options.ts";

const names = [
  "region",
  "endpoint",
  "pathStyle",
  "serverSideEncryption",
  "kmsKeyId",
  "unsafeAllowMissingPreconditions",
];
const urls = strangeStoreUrls(backend.schemes, names).filter((url) => URL.canParse(url));
const environments = strangeEnvironment([
  "STATE_BUCKET",
  "STATE_PREFIX",
  "AWS_REGION",
  "AWS_ENDPOINT_URL",
  "AWS_ENDPOINT_URL_S3",
  "AWS_SECRET_ACCESS_KEY",
]);

test("a URL and an environment are read or refused, and neither the error nor what is shown of it holds a password", () => {
  fc.assert(
    fc.property(urls, environments, (url, environment) => {
      const options = readOrRefuse(() => parseS3Url(new URL(url), environment));
      if (options === undefined || !isOnlyCredential(new URL(url), environment)) return;
      expect(options.bucket).not.toContain(secret);
      const namePrefix = readOrRefuse(() => namePrefixOf("s3", options));
      expect(pathForPeople(namePrefix ?? "")).not.toContain(secret);
    }),
    { numRuns: 3_000 },
  );
});

test.each([undefined, "state-proxy"] as const)("a prefix that is shown leads to the same place (%s)", (prefixRules) => {
  const prefix = fc.oneof(
    fc.string({ unit: "binary", maxLength: 10 }),
    fc.constantFrom("/a/b/", "team/", "team@x", "a//b", "..", "a\\b", "?#%", "\ud800"),
  );
  fc.assert(
    fc.property(prefix, (text) => {
      const namePrefix = readOrRefuse(() => namePrefixOf("s3", { prefix: text, prefixRules }));
      if (namePrefix === undefined) return;
      const location = `s3://bucket${pathForPeople(namePrefix, { prefixRules })}`;
      // A URL has no "." and ".." in its path, so that such a prefix of a connector is reached by STATE_PREFIX alone.
      if (/(?:^|\/)\.{1,2}(?:\/|$)/u.test(text)) return;
      const environment = { AWS_REGION: "eu-west-1" };
      expect(namePrefixOf("s3", parseS3Url(new URL(location), environment))).toBe(namePrefix);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  ["s3://bucket/team-a?endpoint=http://127.0.0.1:1", "unavailable"],
  [`s3://bucket?endpoint=http://user:${secret}@127.0.0.1:1`, "invalid-argument"],
  [`s3://bucket?endpoint=user:${secret}@127.0.0.1:1`, "invalid-argument"],
  [`s3://bucket?endpoint=http://user:1/${secret}@127.0.0.1:1`, "invalid-argument"],
  [`s3://bucket?endpoint=http://127.0.0.1:1/?key=${secret}`, "invalid-argument"],
])("%s, where no server is, is %s, and shows no password", async (url, code) => {
  const options = parseS3Url(new URL(url), {});
  const credentials = { accessKeyId: "user", secretAccessKey: secret };
  expect(await refusalToOpen(() => backend.open({ ...options, credentials, ...impatient }))).toBe(code);
});
