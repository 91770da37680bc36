import fc from "fast-check";
import { expect, test } from "vitest";

import { impatient, isOnlyCredential, readOrRefuse, refusalToOpen } from "../../core/test/keeps-secret.ts";
import { secret, strangeEnvironment, strangeStoreUrls } from "../../core/test/strange-store-urls.ts";
import { backend } from "./index.ts";
import { locationOf } from "./redis-location.ts";
import { parseRedisUrl } from "./redis-options.ts";

const names = [
  "prefix",
  "cluster",
  "nodes",
  "sentinelMaster",
  "sentinels",
  "sentinelUsername",
  "sentinelPassword",
  "tlsCaFile",
  "waitReplicas",
  "waitAof",
  "waitTimeoutMs",
];
const urls = strangeStoreUrls(backend.schemes, names).filter((url) => URL.canParse(url));
const environments = strangeEnvironment(["REDIS_URL", "REDIS_USERNAME", "REDIS_PASSWORD", "STATE_PREFIX"]);

test("a URL and an environment are read or refused, and neither the error nor the location shows a password", () => {
  fc.assert(
    fc.property(urls, environments, (url, environment) => {
      const options = readOrRefuse(() => parseRedisUrl(new URL(url), environment));
      if (options === undefined || !isOnlyCredential(new URL(url), environment)) return;
      expect(locationOf(options, options.prefix ?? "")).not.toContain(secret);
    }),
    { numRuns: 3_000 },
  );
});

test("a location is a URL that leads to the same place", () => {
  fc.assert(
    fc.property(urls, environments, (url, environment) => {
      const options = readOrRefuse(() => parseRedisUrl(new URL(url), environment));
      if (options === undefined || options.nodes?.length === 0 || options.sentinels?.addresses.length === 0) return;
      const location = locationOf(options, options.prefix ?? "");
      const again = parseRedisUrl(new URL(location), {});
      expect(locationOf(again, again.prefix ?? "")).toBe(location);
      expect(again.prefix).toBe(options.prefix);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  [`redis://user:${secret}@127.0.0.1:1/0`, "unavailable"],
  [`rediss://:${secret}@127.0.0.1:1`, "unavailable"],
  [`redis://${secret}:@127.0.0.1:1`, "unavailable"],
  [`redis://:${secret}@127.0.0.1:1?cluster=true`, "unavailable"],
  [`redis://127.0.0.1:1?sentinelMaster=m&sentinelUsername=u&sentinelPassword=${secret}`, "unavailable"],
  [`redis://:${secret}@127.0.0.1:1?tlsCaFile=/nowhere/ca.pem`, "invalid-argument"],
])("%s, where no server is, is %s, and shows no password", async (url, code) => {
  const options = parseRedisUrl(new URL(url), {});
  expect(await refusalToOpen(() => backend.open({ ...options, ...impatient }))).toBe(code);
});
