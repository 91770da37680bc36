import fc from "fast-check";
import { expect, test } from "vitest";

import { impatient, isOnlyCredential, readOrRefuse, refusalToOpen } from "../../core/test/keeps-secret.ts";
import { secret, strangeEnvironment, strangeStoreUrls } from "../../core/test/strange-store-urls.ts";
import { backend } from "./index.ts";
import { NatsDriver } from "./nats-driver.ts";
import { parseNatsUrl } from "./nats-options.ts";

const names = [
  "prefix",
  "servers",
  "creds",
  "tls",
  "tlsCa",
  "tlsFirst",
  "replicas",
  "storage",
  "create",
  "inboxPrefix",
];
const urls = strangeStoreUrls(backend.schemes, names).filter((url) => URL.canParse(url));
const environments = strangeEnvironment(["NATS_URL", "NATS_KV_BUCKET", "NATS_CREDS_FILE", "STATE_PREFIX"]);

test("a URL and an environment are read or refused, and neither the error nor the location shows a password", () => {
  fc.assert(
    fc.property(urls, environments, (url, environment) => {
      const options = readOrRefuse(() => parseNatsUrl(new URL(url), environment));
      if (options === undefined || !isOnlyCredential(new URL(url), environment)) return;
      expect(new NatsDriver(options).location).not.toContain(secret);
    }),
    { numRuns: 3_000 },
  );
});

test("a location is a URL that leads to the same place", () => {
  fc.assert(
    fc.property(urls, environments, (url, environment) => {
      const options = readOrRefuse(() => parseNatsUrl(new URL(url), environment));
      // The name of a bucket is looked at when it is opened.
      if (options === undefined || !/^[-\w]+$/u.test(options.bucket)) return;
      const { location } = new NatsDriver(options);
      const again = parseNatsUrl(new URL(location), {});
      expect([again.bucket, again.prefix, new NatsDriver(again).location]).toEqual([
        options.bucket,
        options.prefix,
        location,
      ]);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  [`nats://user:${secret}@127.0.0.1:1/b`, "unavailable"],
  [`nats://${secret}@127.0.0.1:1/b`, "unavailable"],
  [`nats://user:${secret}@127.0.0.1:1/b?tls=true`, "unavailable"],
  [`nats://user:${secret}@127.0.0.1:1/b?servers=127.0.0.1:2`, "unavailable"],
  [`nats://user:${secret}@127.0.0.1:1/b?servers=user:${secret}@127.0.0.1:2`, "invalid-argument"],
  [`nats://user:${secret}@127.0.0.1:1/b?tlsCa=/nowhere/ca.pem`, "unavailable"],
  [`nats://127.0.0.1:1/b?creds=/nowhere/user.creds`, "invalid-argument"],
])("%s, where no server is, is %s, and shows no password", async (url, code) => {
  const open = async () => await backend.open({ ...parseNatsUrl(new URL(url), {}), ...impatient });
  expect(await refusalToOpen(open)).toBe(code);
});
