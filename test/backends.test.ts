import type { CheckpointBackend } from "@holdpoint/core";
import { installedBackends } from "@holdpoint/core/driver";
import { describe, expect, it } from "vitest";

const backends = await installedBackends();

function backendNamed(name: string): CheckpointBackend {
  const backend = backends.find((candidate) => candidate.name === name);
  if (backend === undefined) throw new Error(`There is no backend ${name}.`);
  return backend;
}

function placeOf(location: string): string {
  const url = new URL(location);
  const backend = backends.find(({ schemes }) => schemes.includes(url.protocol.slice(0, -1)));
  const { server, path } = backend?.placeOf?.(url) ?? { server: location, path: "" };
  return `${server} | ${path}`;
}

it("finds all that this repository has", () => {
  const names = ["file", "gcs", "memory", "minio", "nats", "postgres", "redis", "s3"];
  expect(backends.map(({ name }) => name).toSorted()).toEqual(names);
});

describe("the variables that a backend says it looks up", () => {
  it.each([
    ["s3", "s3:///"],
    ["minio", "minio://localhost:9000/"],
    ["gcs", "gs:///"],
    ["redis", "redis://"],
    ["redis", "redis://localhost"],
    ["nats", "nats://"],
    ["nats", "nats://localhost/"],
    ["postgres", "postgres://"],
  ])("are those that %s does look up for %s", (name, url) => {
    const backend = backendNamed(name);
    const read = new Set<string>();
    const environment = new Proxy<Record<string, string | undefined>>(
      {},
      {
        get: (_target, variable) => {
          read.add(String(variable));
          return undefined;
        },
      },
    );
    try {
      backend.parseUrl(new URL(url), environment);
    } catch {
      // It goes on reading until something that it needs is missing.
    }
    expect(read.size).toBeGreaterThan(0);
    expect([...read].filter((variable) => backend.variables?.includes(variable) !== true)).toEqual([]);
  });
});

describe("two locations are one place", () => {
  it.each([
    ["s3://bucket/team-a", "s3://bucket/team-a/"],
    ["s3://bucket/a?endpoint=http://localhost:9000", "minio://127.0.0.1:9000/bucket/a"],
    ["s3://bucket/team/?prefixRules=state-proxy", "s3://bucket/team/?prefixRules=state-proxy&endpoint="],
    ["redis://localhost:6379/0?prefix=a:", "rediss://127.0.0.1/0?prefix=a:"],
    ["nats://localhost/bucket?prefix=a", "nats://127.0.0.1:4222/bucket?prefix=a"],
    ["postgres://localhost/db?prefix=a/", "postgres://127.0.0.1:5432/db?schema=public&prefix=a/"],
  ])("%s and %s", (left, right) => {
    expect(placeOf(left)).toBe(placeOf(right.replace("&endpoint=", "")));
  });

  it.each([
    ["s3://bucket/team", "s3://bucket/team-a"],
    ["s3://bucket/team/", "s3://bucket/team/?prefixRules=state-proxy"],
    ["gs://bucket/a", "gs://other/a"],
    ["redis://localhost/0?prefix=a", "redis://localhost/1?prefix=a"],
    ["postgres://localhost/db", "postgres://localhost/other"],
    ["postgres://localhost/db", "postgres://localhost/db?table=other"],
    ["postgres://localhost/db", "postgres://localhost/db?schema=other"],
    ["memory:", "memory:"],
  ])("but not %s and %s", (left, right) => {
    expect(placeOf(left)).not.toBe(placeOf(right));
  });
});
