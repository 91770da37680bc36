import { once } from "node:events";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";

import { CheckpointError, openStore } from "@holdpoint/core";
import type { CheckpointErrorCode } from "@holdpoint/core";
import { testServer } from "@holdpoint/test-servers";
import type { ServerName } from "@holdpoint/test-servers";
import { afterAll, describe, expect, it, vi } from "vitest";

import { temporaryDirectory } from "./every-store.ts";
import { privateCertificates } from "./private-authority.ts";

await using directory = await temporaryDirectory();
const certificate = privateCertificates(directory.path)["DEPTH_ZERO_SELF_SIGNED_CERT"];

/** How a store's URL says whether TLS is spoken, and the words of a message that tell which of them is wrong. */
interface Case {
  readonly server: ServerName;
  readonly url: (host: string) => string;
  readonly remedy: RegExp;
  /** @default "unavailable" */
  readonly code?: CheckpointErrorCode;
}

/** Who speaks TLS, at a port that does not. */
const withTls: readonly Case[] = [
  { server: "minio", url: (host) => `s3://holdpoint?endpoint=https://${host}&region=us-east-1`, remedy: /http:/u },
  { server: "minio", url: (host) => `minio://${host}/holdpoint?tls=true`, remedy: /tls= for minio/u },
  { server: "gcs", url: (host) => `gs://holdpoint?endpoint=https://${host}`, remedy: /http or https/u },
  { server: "redis", url: (host) => `rediss://${host}`, remedy: /redis:/u },
  { server: "redis", url: (host) => `rediss://${host}?sentinelMaster=main`, remedy: /redis:/u },
  { server: "redis-cluster", url: (host) => `rediss://${host}?cluster=true`, remedy: /redis:/u },
  { server: "nats", url: (host) => `nats://${host}/bucket?tls=true`, remedy: /tls/u },
  { server: "nats", url: (host) => `nats://${host}/bucket?tlsFirst=true`, remedy: /tlsFirst/u },
  {
    server: "postgres",
    url: (host) => `postgres://holdpoint@${host}/postgres?sslmode=require`,
    remedy: /sslmode/u,
    code: "unsupported",
  },
  {
    server: "postgres",
    url: (host) => `postgres://holdpoint@${host}/postgres?sslmode=require&sslnegotiation=direct`,
    remedy: /sslnegotiation/u,
  },
];

/** Who speaks none, at a port that begins with TLS, as a terminator in front of a server does. */
const withoutTls: readonly Case[] = [
  { server: "minio", url: (host) => `s3://holdpoint?endpoint=http://${host}&region=us-east-1`, remedy: /https:/u },
  { server: "minio", url: (host) => `minio://${host}/holdpoint?tls=false`, remedy: /tls=true/u },
  { server: "gcs", url: (host) => `gs://holdpoint?endpoint=http://${host}`, remedy: /https:/u },
  { server: "redis", url: (host) => `redis://${host}`, remedy: /rediss:/u },
  { server: "redis", url: (host) => `redis://${host}?sentinelMaster=main`, remedy: /rediss:/u },
  { server: "redis-cluster", url: (host) => `redis://${host}?cluster=true`, remedy: /rediss:/u },
  { server: "nats", url: (host) => `nats://${host}/bucket`, remedy: /tlsFirst/u },
  { server: "nats", url: (host) => `nats://${host}/bucket?tls=false`, remedy: /tlsFirst/u },
  { server: "postgres", url: (host) => `postgres://holdpoint@${host}/postgres?sslmode=disable`, remedy: /sslneg/u },
  { server: "postgres", url: (host) => `postgres://holdpoint@${host}/postgres`, remedy: /sslneg/u },
];

/** What opening and reading says, and how long it took. */
async function refusal(url: string): Promise<{ readonly error: CheckpointError; readonly durationMs: number }> {
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"]) {
    vi.stubEnv(name, "somebody");
  }
  const start = performance.now();
  try {
    await using store = await openStore(url);
    await store.get("key");
  } catch (error) {
    if (!CheckpointError.is(error)) throw error;
    return { error, durationMs: performance.now() - start };
  } finally {
    vi.unstubAllEnvs();
  }
  throw new Error("there was no error");
}

const seconds = 10_000;

describe("TLS at a port without it is refused within seconds, in words", () => {
  for (const { server, url, remedy, code = "unavailable" } of withTls) {
    const { isMissing, url: address } = testServer(server);
    it.skipIf(isMissing)(`${server}: ${url("host")}`, async () => {
      const { error, durationMs } = await refusal(url(new URL(address).host));
      expect(error).toMatchObject({ code, message: expect.stringMatching(remedy) });
      expect(durationMs).toBeLessThan(seconds);
    });
  }
});

describe("no TLS at a port that begins with it is refused within seconds, in words", () => {
  const terminators: ReturnType<typeof createServer>[] = [];
  afterAll(() => terminators.forEach((terminator) => terminator.close()));

  /** Speaks TLS, and passes on what comes. */
  async function tlsBefore(address: string): Promise<string> {
    const { hostname, port } = new URL(address);
    const terminator = createServer({ cert: certificate?.chain, key: certificate?.key }, (client) => {
      const server = connect(Number(port), hostname);
      for (const socket of [client, server]) socket.on("error", () => [client, server].map((each) => each.destroy()));
      client.pipe(server).pipe(client);
    });
    terminators.push(terminator);
    terminator.on("tlsClientError", () => undefined).listen(0, "127.0.0.1");
    await once(terminator, "listening");
    return `127.0.0.1:${(terminator.address() as AddressInfo).port}`;
  }

  for (const { server, url, remedy } of withoutTls) {
    const { isMissing, url: address } = testServer(server);
    it.skipIf(isMissing)(`${server}: ${url("host")}`, async () => {
      const { error, durationMs } = await refusal(url(await tlsBefore(address)));
      expect(error).toMatchObject({ code: "unavailable", retryable: false, message: expect.stringMatching(remedy) });
      expect(durationMs).toBeLessThan(seconds);
    });
  }
});
