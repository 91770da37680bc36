import { afterEach, expect, test, vi } from "vitest";

import { testServer } from "./test-server.ts";

afterEach(() => void vi.unstubAllEnvs());

test("a server that runs is there, at its address", () => {
  vi.stubEnv("HOLDPOINT_TEST_REDIS_URL", "redis://127.0.0.1:6390");
  expect(testServer("redis")).toEqual({ isMissing: false, url: "redis://127.0.0.1:6390" });
});

test("a server that could not be had is missing, and its address is one all the same", () => {
  vi.stubEnv("HOLDPOINT_TEST_MINIO_URL", undefined);
  vi.stubEnv("HOLDPOINT_TEST_REDIS_CLUSTER_URL", undefined);
  expect(testServer("minio")).toEqual({ isMissing: true, url: "http://minioadmin:minioadmin@127.0.0.1:9" });
  expect(testServer("redis-cluster")).toEqual({ isMissing: true, url: "redis://127.0.0.1:9" });
});
