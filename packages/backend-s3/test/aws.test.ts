import { Agent } from "node:http";
import type { LookupFunction } from "node:net";

import { DeleteObjectCommand, HeadObjectCommand, NotFound, S3Client } from "@aws-sdk/client-s3";
import { CheckpointError } from "@holdpoint/core";
import { createS3Store } from "@holdpoint/backend-s3";
import { describe, expect, test } from "vitest";

import { HttpProxy } from "./http-proxy.ts";
import type { ProxyRule } from "./http-proxy.ts";
import { awsClient, createBucket, credentials, minio } from "./test-server.ts";

const body = new TextEncoder().encode("{}");

const refusal = (status: number, code: string): ProxyRule => ({
  answer: { status, body: `<Error><Code>${code}</Code><Message>${code}</Message></Error>` },
});

/**
 * The test server under the name of AWS, with what AWS does and MinIO does not: a condition on DELETE.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
 */
async function startAws(bucket: string, isMissing: ProxyRule): Promise<HttpProxy> {
  const server = awsClient();
  return await HttpProxy.start(async (method, path, headers) => {
    const condition = headers["if-match"];
    if (method !== "DELETE" || condition === undefined) return {};
    const Key = decodeURIComponent(path.split("/").slice(2).join("/").replace(/\?.*/u, ""));
    try {
      const { ETag } = await server.send(new HeadObjectCommand({ Bucket: bucket, Key }));
      return condition === "*" || condition === ETag ? {} : refusal(412, "PreconditionFailed");
    } catch (error) {
      if (error instanceof NotFound) return isMissing;
      throw error;
    }
  });
}

/** A client that takes the proxy for AWS. */
function clientOf(proxy: HttpProxy): S3Client {
  const toProxy: LookupFunction = (_host, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]);
  return new S3Client({
    endpoint: `http://s3.eu-west-1.amazonaws.com:${proxy.port}`,
    region: "eu-west-1",
    forcePathStyle: true,
    credentials,
    requestHandler: { httpAgent: new Agent({ lookup: toProxy }) },
  });
}

describe.skipIf(minio.isMissing)("AWS itself", () => {
  test("is opened with one request that writes nothing", async () => {
    const bucket = await createBucket();
    await using proxy = await startAws(bucket, refusal(404, "NoSuchKey"));
    const client = clientOf(proxy);
    await using store = await createS3Store({ bucket, prefix: "team-a", client });
    expect(proxy.requests).toEqual([`GET /${bucket}/team-a/.holdpoint-check`]);
    expect(store.capabilities).toMatchObject({ conditionalDelete: true, uniqueVersions: false, ttl: false });
    await store.check();
    expect(proxy.requests).toHaveLength(2);
    client.destroy();
  });

  test("removes under a condition, in one request", async () => {
    const bucket = await createBucket();
    await using proxy = await startAws(bucket, refusal(404, "NoSuchKey"));
    const client = clientOf(proxy);
    await using store = await createS3Store({ bucket, client });
    const { version } = await store.put("k.json", body);
    const before = proxy.requests.length;
    const stale = await store.delete("k.json", { ifVersion: "0".repeat(32) }).catch((error: unknown) => error);
    expect(stale).toSatisfy((error) => CheckpointError.is(error, "conflict"));
    expect(await store.delete("k.json", { ifVersion: version })).toBe(true);
    expect(await store.delete("k.json", { ifVersion: version })).toBe(false);
    expect(await store.delete("k.json")).toBe(false);
    await store.put("k.json", body);
    expect(await store.delete("k.json")).toBe(true);
    expect(proxy.requests.slice(before).map((request) => request.split(" ")[0])).toEqual([
      "DELETE",
      "DELETE",
      "DELETE",
      "DELETE",
      "PUT",
      "DELETE",
    ]);
    client.destroy();
  });

  test("removes what is there also where it does not say what is not there", async () => {
    const bucket = await createBucket();
    await using proxy = await startAws(bucket, refusal(403, "AccessDenied"));
    const client = clientOf(proxy);
    await using store = await createS3Store({ bucket, client });
    const { version } = await store.put("k.json", body);
    expect(await store.delete("k.json")).toBe(true);
    await expect(store.delete("k.json")).resolves.toBe(true);
    const denied = await store.delete("k.json", { ifVersion: version }).catch((error: unknown) => error);
    expect(denied).toMatchObject({ code: "permission-denied", outcome: "not-applied" });
    client.destroy();
  });

  test("the server under that name is MinIO, which ignores the condition", async () => {
    const bucket = await createBucket();
    const client = awsClient();
    const removed = await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: "none", IfMatch: "*" }));
    expect(removed.$metadata.httpStatusCode).toBe(204);
    client.destroy();
  });
});
