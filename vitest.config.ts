import type { TestProjectInlineConfiguration } from "vitest/config";
import { defineConfig } from "vitest/config";

import { HoldpointReporter } from "./tooling/servers/src/holdpoint-reporter.ts";
import type { ProgramName } from "./tooling/servers/src/find-program.ts";
import type { ServerName } from "./tooling/servers/src/server-definition.ts";
import { serverNames } from "./tooling/servers/src/server-definition.ts";

/** Tests that need the same servers; only the servers of the projects that have tests to run are started. */
function project(
  name: string,
  folder: string,
  servers: readonly ServerName[] = [],
  programs: readonly ProgramName[] = [],
): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      include: /^(?:packages|tooling)\//u.test(folder)
        ? [`${folder}/{src,test}/**/*.test.ts`]
        : [`${folder}/*.test.ts`],
      globalSetup: servers.length + programs.length === 0 ? [] : ["tooling/servers/src/global-setup.ts"],
      provide: { servers, programs },
    },
  };
}

export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    // Child processes of the tests run the sources too.
    env: { NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --conditions=source`.trim() },
    testTimeout: 180_000,
    hookTimeout: 180_000,
    reporters: ["default", new HoldpointReporter()],
    projects: [
      project("core", "packages/core"),
      project("asya", "packages/asya"),
      project("conformance", "packages/conformance"),
      project("actors", "packages/actors"),
      project("cli", "packages/cli", [], ["fish", "zsh"]),
      project("inbox", "packages/inbox", [], ["chromium", "nginx", "python3"]),
      project("state-proxy", "packages/state-proxy", ["minio", "gcs", "redis", "nats", "postgres"], ["python3"]),
      project("s3", "packages/backend-s3", ["minio"]),
      project("gcs", "packages/backend-gcs", ["gcs"]),
      project("redis", "packages/backend-redis", ["redis", "redis-cluster"]),
      project("nats", "packages/backend-nats", ["nats"]),
      project("postgres", "packages/backend-postgres", ["postgres", "pgbouncer"]),
      project("langgraph", "packages/langgraph", serverNames),
      {
        extends: true,
        // The oldest version of the peer dependency that is supported, in the place of the newest.
        resolve: { alias: { "@langchain/langgraph-checkpoint": "@langchain/langgraph-checkpoint-oldest" } },
        test: { name: "langgraph-oldest", include: ["packages/langgraph/test/oldest-peer.spec.ts"] },
      },
      project("servers", "tooling/servers", serverNames),
      project("torture", "tooling/torture"),
      project("bench", "tooling/bench"),
      project("api-docs", "tooling/api-docs"),
      project("scale", "tooling/scale"),
      project("consumers", "tooling/consumers", ["redis"]),
      project("interop", "test/interop", ["minio"]),
      project("deploy", "test/deploy", serverNames, ["python3"]),
      project("hostile", "test/hostile", serverNames),
      project("counts", "test/counts", serverNames),
      project("load", "test/load", serverNames),
      project("examples", "examples"),
      project("everywhere", "test", serverNames),
    ],
  },
});
