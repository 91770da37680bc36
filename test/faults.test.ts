import { describeCheckpointStore } from "@holdpoint/conformance";
import { openStore } from "@holdpoint/core";
import { afterAll, beforeAll, describe, vi } from "vitest";

import { storesUnderTest } from "./every-store.ts";

// A cluster's members tell clients their own addresses, so that what is asked there would not pass a proxy.
const stores = storesUnderTest.filter(({ name }) => name !== "redis (cluster)");

describe.each(stores)("$name behind a proxy", (store) => {
  const { name, address, protocol, environment } = store;
  describe.skipIf(address === undefined)("with its real server", () => {
    beforeAll(() => {
      // Credentials are looked up by the SDK of AWS itself.
      for (const [variable, value] of Object.entries(environment)) vi.stubEnv(variable, value);
    });
    afterAll(() => void vi.unstubAllEnvs());

    const prefix = `f${crypto.randomUUID().slice(0, 8)}`;
    describeCheckpointStore(
      name,
      {
        open: (namespace, options) =>
          openStore(withPrefix(store.url(), `${prefix}-${namespace}`), { ...options, environment }),
        faults: {
          target: address ?? "http://127.0.0.1:1",
          protocol,
          open: (namespace, through, options) =>
            openStore(withPrefix(store.url(through), `${prefix}-${namespace}`), {
              ...options,
              environment: { ...environment, STORAGE_EMULATOR_HOST: through },
            }),
          // A conflict that passes is S3's own; Cloud Storage has none.
          ...(name === "gs" ? { passingErrors: ["SlowDown", "TooManyRequests"] } : {}),
        },
      },
      { groups: ["faults"] },
    );
  });
});

/** Puts another prefix in the place of the last part of the store's own. */
function withPrefix(text: string, prefix: string): string {
  const url = new URL(text);
  if (url.searchParams.has("prefix")) url.searchParams.set("prefix", `${prefix}/`);
  else url.pathname = url.pathname.replace(/[^/]+$/u, prefix);
  return url.href;
}
