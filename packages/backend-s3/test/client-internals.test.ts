import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";

import { describe, expect, onTestFinished, test } from "vitest";

import { duringExchange, observeClient } from "../src/minio/minio-exchange.ts";
import type { MinioExchange } from "../src/minio/minio-exchange.ts";
import { S3ObjectClient } from "../src/s3-client.ts";
import { HttpProxy } from "./http-proxy.ts";
import { awsClient, createBucket, minio, minioClient } from "./test-server.ts";

function versionOf(name: string): string {
  return (createRequire(import.meta.url)(`${name}/package.json`) as { readonly version: string }).version;
}

const signal = new AbortController().signal;

// What `minio-exchange.ts` leans on, and the client does not document.
describe.skipIf(minio.isMissing)(`minio ${versionOf("minio")}`, () => {
  test("sends through the transport of the view, whose signal it passes on", async () => {
    const bucket = await createBucket();
    const exchange: MinioExchange = { signal };
    const missing = duringExchange(exchange, () => observeClient(minioClient()).getObject(bucket, randomUUID()));
    await expect(missing).rejects.toMatchObject({ code: "NoSuchKey" });
    expect(exchange.status, "the client has used another transport").toBe(404);
    expect(exchange.errorBody).toContain("NoSuchKey");

    const aborted: MinioExchange = { signal: AbortSignal.abort() };
    await expect(
      duringExchange(aborted, () => observeClient(minioClient()).getObject(bucket, "key")),
    ).rejects.toMatchObject({ name: "AbortError" });
    expect(aborted.status).toBeUndefined();
  });

  test("sends once, asks for no region, and makes no upload in parts of a large body", async () => {
    const bucket = await createBucket();
    let isDown = false;
    await using proxy = await HttpProxy.start(() => (isDown ? { answer: { status: 503 } } : {}));
    const client = observeClient(minioClient({ port: proxy.port }));
    const body = Buffer.alloc(6 * 1024 * 1024);
    await duringExchange({ signal }, () => client.putObject(bucket, "large", body, body.byteLength));
    expect(proxy.requests).toEqual([`PUT /${bucket}/large`]);
    isDown = true;
    await expect(duringExchange({ signal }, () => client.getObject(bucket, "large"))).rejects.toThrow("503");
    expect(proxy.requests).toEqual([`PUT /${bucket}/large`, `GET /${bucket}/large`]);
  });
});

// What `s3-client.ts` leans on: the name of the middleware that sends again.
describe.skipIf(minio.isMissing)(`@aws-sdk/client-s3 ${versionOf("@aws-sdk/client-s3")}`, () => {
  test("sends once what passes the store, whatever its client is set to", async () => {
    const bucket = await createBucket();
    await using proxy = await HttpProxy.start(() => ({ answer: { status: 503 } }));
    const client = awsClient({ endpoint: proxy.endpoint, maxAttempts: 5 });
    onTestFinished(() => client.destroy());
    const objects = new S3ObjectClient(client, {
      bucket,
      serverSideEncryption: undefined,
      kmsKeyId: undefined,
      owned: false,
    });
    await expect(objects.read("key", { signal })).rejects.toThrow(/./u);
    expect(proxy.requests).toEqual([expect.stringMatching(`^GET /${bucket}/key`)]);
    expect(objects.host, "the middleware was not called").toBe("127.0.0.1");
  });
});
