import fc from "fast-check";
import { expect, test } from "vitest";

import { impatient, isOnlyCredential, readOrRefuse, refusalToOpen } from "../../../core/test/keeps-secret.ts";
import { secret, strangeEnvironment, strangeStoreUrls } from "../../../core/test/strange-store-urls.ts";
import { backend } from "../minio.ts";
import { parseMinioUrl } from "./minio-options.ts";

const urls = strangeStoreUrls(backend.schemes, ["region", "tls", "unsafeAllowMissingPreconditions"]).filter((url) =>
  URL.canParse(url),
);
const environments = strangeEnvironment([
  "STATE_BUCKET",
  "STATE_PREFIX",
  "AWS_REGION",
  "AWS_ENDPOINT_URL",
  "MINIO_ACCESS_KEY",
  "MINIO_SECRET_KEY",
  "AWS_SECRET_ACCESS_KEY",
]);

test("a URL and an environment are read or refused, and neither the error nor what is shown of it holds a password", () => {
  fc.assert(
    fc.property(urls, environments, (url, environment) => {
      const options = readOrRefuse(() => parseMinioUrl(new URL(url), environment));
      if (options === undefined || !isOnlyCredential(new URL(url), environment)) return;
      const { host, bucket, prefix = "" } = options;
      expect(`${host} ${bucket} ${prefix}`).not.toContain(secret);
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  [`minio://user:${secret}@127.0.0.1:1/bucket/team-a`, "unavailable"],
  [`minio://user:${secret}@127.0.0.1:1/bucket?tls=true`, "unavailable"],
  [`minio://user:${secret}@127.0.0.1:0/bucket`, "unavailable"],
  [`minio://user:${secret}@127.0.0.1:1/a%0ab`, "invalid-argument"],
  [`minio://user:${secret}@h%20o/bucket`, "invalid-argument"],
])("%s, where no server is, is %s, and shows no password", async (url, code) => {
  const options = parseMinioUrl(new URL(url), {});
  expect(await refusalToOpen(() => backend.open({ ...options, ...impatient }))).toBe(code);
});
