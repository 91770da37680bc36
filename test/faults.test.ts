import { describeCheckpointStore } from "@holdpoint/conformance";
import { afterAll, beforeAll, describe, vi } from "vitest";

import { storesUnderTest } from "./every-store.ts";
import { openNamespace } from "./faults-worker.ts";
import type { StoreOfSuite } from "./faults-worker.ts";

// A cluster's members tell clients their own addresses, so that what is asked there would not pass a proxy.
const stores = storesUnderTest.filter(({ name }) => name !== "redis (cluster)");

describe.each(stores)("$name behind a proxy", (store) => {
  const { name, isMissing, address, protocol, environment } = store;
  describe.skipIf(isMissing)("with its real server", () => {
    beforeAll(() => {
      // Credentials are looked up by the SDK of AWS itself, in the processes of the suite too.
      for (const [variable, value] of Object.entries(environment)) vi.stubEnv(variable, value);
    });
    afterAll(() => void vi.unstubAllEnvs());

    const prefix = `f${crypto.randomUUID().slice(0, 8)}`;
    const direct: StoreOfSuite = { url: store.url(), prefix, environment };
    const behind = (proxy: string): StoreOfSuite => ({
      url: store.url(proxy),
      prefix,
      environment: { ...environment, STORAGE_EMULATOR_HOST: proxy },
    });
    describeCheckpointStore(
      // By the name that its backend's own tests give it, so that the table has one row for both.
      name === "gs" ? "gcs" : name,
      {
        open: (namespace, options) => openNamespace(namespace, direct, options),
        faults: {
          target: address,
          protocol,
          open: (namespace, proxy, options) => openNamespace(namespace, behind(proxy), options),
          worker: (proxy) => ({ module: new URL("./faults-worker.ts", import.meta.url), argument: behind(proxy) }),
          // A conflict that passes is S3's own; Cloud Storage has none.
          ...(name === "gs" ? { passingErrors: ["SlowDown", "TooManyRequests"] } : {}),
        },
      },
      { groups: ["faults"] },
    );
  });
});
