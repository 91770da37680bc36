import { once } from "node:events";
import { createServer } from "node:tls";
import type { AddressInfo } from "node:net";

import { CheckpointError, openStore } from "@holdpoint/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { temporaryDirectory } from "./every-store.ts";
import { privateCertificates } from "./private-authority.ts";

await using directory = await temporaryDirectory();
const certificates = privateCertificates(directory.path);

const urls = [
  (port: number) => `s3://bucket?endpoint=https://127.0.0.1:${port}&region=us-east-1`,
  (port: number) => `minio://127.0.0.1:${port}/bucket?tls=true`,
  (port: number) => `gs://bucket?endpoint=https://127.0.0.1:${port}`,
  (port: number) => `rediss://127.0.0.1:${port}`,
  (port: number) => `rediss://127.0.0.1:${port}?cluster=true`,
  (port: number) => `rediss://127.0.0.1:${port}?sentinelMaster=main`,
  (port: number) => `nats://127.0.0.1:${port}/bucket?tlsFirst=true`,
  (port: number) => `postgres://127.0.0.1:${port}/db?sslmode=verify-full&sslnegotiation=direct`,
];

describe.each(Object.entries(certificates))("a server with a certificate that is %s", (code, { chain, key }) => {
  it.each(urls)("is refused at once, in words: %s", async (url) => {
    const server = createServer({ cert: chain, key }, (socket) => void socket.on("error", () => undefined));
    server.on("tlsClientError", () => undefined).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"]) {
      vi.stubEnv(name, "somebody");
    }
    onTestFinished(() => void vi.unstubAllEnvs());
    let connections = 0;
    server.on("connection", () => (connections += 1));
    const error: unknown = await openStore(url((server.address() as AddressInfo).port)).then(
      (store) => store.close(),
      (problem: unknown) => problem,
    );
    if (!CheckpointError.is(error, "unavailable")) throw error;
    expect(error.message).toContain(`the server's certificate is not trusted (${code})`);
    expect(error.message).toContain("NODE_EXTRA_CA_CERTS");
    expect(error.retryable).toBe(false);
    // ioredis may have connected again before it was told to leave, and is asked once whether it needs TLS at all.
    expect(connections).toBeLessThanOrEqual(4);
  });
});
