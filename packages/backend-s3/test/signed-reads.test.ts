import { randomUUID } from "node:crypto";
import { globalAgent } from "node:http";

import { Client } from "minio";
import { describe, expect, onTestFinished, test } from "vitest";

import { MinioObjectClient } from "../src/minio/minio-client.ts";
import type { ObjectClient } from "../src/object-client.ts";
import { S3ObjectClient } from "../src/s3-client.ts";
import { SignedReads } from "../src/signed-reads.ts";
import { HttpProxy } from "./http-proxy.ts";
import type { ProxyRule } from "./http-proxy.ts";
import { awsClient, createBucket, credentials, host, minio } from "./test-server.ts";
import { clientNames, clients } from "./two-clients.ts";

const { signal } = new AbortController();
const body = new TextEncoder().encode("{}");

/** An adapter, and how often it has read through its client. */
interface Observed {
  readonly objects: ObjectClient;
  readonly clientReads: () => number;
}

const observed = {
  s3: (bucket: string, port: number, owned: boolean): Observed => {
    const client = awsClient({ endpoint: `http://${host}:${port}` });
    onTestFinished(() => client.destroy());
    let reads = 0;
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === "GetObjectCommand") reads += 1;
          return await next(args);
        },
      { step: "initialize" },
    );
    const settings = { bucket, serverSideEncryption: undefined, kmsKeyId: undefined, owned };
    return { objects: new S3ObjectClient(client, settings), clientReads: () => reads };
  },
  minio: (bucket: string, port: number, owned: boolean): Observed => {
    let reads = 0;
    class CountingClient extends Client {
      override getObject(...args: Parameters<Client["getObject"]>): ReturnType<Client["getObject"]> {
        reads += 1;
        return super.getObject(...args);
      }
    }
    const { accessKeyId: accessKey, secretAccessKey: secretKey } = credentials;
    const client = new CountingClient({ endPoint: host, port, useSSL: false, accessKey, secretKey });
    const objects = new MinioObjectClient(client, bucket, () => undefined, owned ? credentials : undefined);
    return { objects, clientReads: () => reads };
  },
};

/** What becomes of the next read. */
type Refusal = () => Promise<ProxyRule>;

describe.skipIf(minio.isMissing).each(clientNames)("reads of %s", (name) => {
  async function start(owned: boolean): Promise<Observed & { refuse: (rule: Refusal) => void }> {
    const bucket = await createBucket();
    let refuse: Refusal | undefined;
    const proxy = await HttpProxy.start(async (method) => {
      if (method !== "GET" || refuse === undefined) return {};
      const rule = refuse;
      refuse = undefined;
      return await rule();
    });
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    const started = observed[name](bucket, proxy.port, owned);
    await started.objects.write("key.json", body, { writeId: "written" }, signal);
    return { ...started, refuse: (rule) => (refuse = rule) };
  }

  test("go through the client once, and say the same afterwards", async () => {
    const { objects, clientReads } = await start(true);
    const first = await objects.read("key.json", { signal });
    expect(first).toMatchObject({ body, writeId: "written", isEncrypted: false, modifiedAt: expect.any(Date) as Date });
    expect(await objects.read("key.json", { signal })).toEqual(first);
    const missing: unknown = await objects.read(randomUUID(), { signal }).catch((error: unknown) => error);
    expect(objects.explain(missing)).toMatchObject({ status: 404, code: "NoSuchKey", brokeOff: false });
    await objects.read("key.json", { signal });
    expect(clientReads()).toBe(1);
  });

  test("go through the client again once the server has refused one", async () => {
    const { objects, clientReads, refuse } = await start(true);
    await objects.read("key.json", { signal });
    const answer = "<Error><Code>RequestTimeTooSkewed</Code><Message>Words of the server.</Message></Error>";
    refuse(async () => ({ answer: { status: 403, body: answer } }));
    const refused: unknown = await objects.read("key.json", { signal }).catch((error: unknown) => error);
    expect(objects.explain(refused)).toMatchObject({ status: 403, code: "RequestTimeTooSkewed" });
    expect(clientReads()).toBe(1);
    await objects.read("key.json", { signal });
    await objects.read("key.json", { signal });
    expect(clientReads()).toBe(2);
  });

  test("all go through a client that was handed in", async () => {
    const { objects, clientReads } = await start(false);
    for (let round = 1; round <= 3; round += 1) await objects.read("key.json", { signal });
    expect(clientReads()).toBe(3);
  });

  test("end with their signal, and with the connection", async () => {
    const { objects, clientReads, refuse } = await start(true);
    await objects.read("key.json", { signal });
    const controller = new AbortController();
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    refuse(async () => {
      arrive();
      return await new Promise<never>(() => undefined);
    });
    const read = objects.read("key.json", { signal: controller.signal });
    await Promise.race([arrived, read]);
    controller.abort();
    await expect(read).rejects.toThrow("socket hang up");
    await expect(objects.read("key.json", { signal: controller.signal })).rejects.toThrow("aborted");
    refuse(async () => ({ cut: true }));
    await expect(objects.read("key.json", { signal })).rejects.toThrow("socket hang up");
    refuse(async () => ({ truncateTo: 1 }));
    await expect(objects.read("key.json", { signal })).rejects.toThrow("aborted");
    expect(clientReads()).toBe(1);
  });

  test("find what stands under a prefix of any characters", async () => {
    await using store = await clients[name].open({ bucket: await createBucket(), prefix: "a b/ü(1)!'*~+&=%" });
    const { version } = await store.put("k", body);
    for (let round = 1; round <= 3; round += 1) expect((await store.get("k"))?.version).toBe(version);
  });
});

test.each([
  ["no signature", {}],
  [
    "a one-zone bucket's",
    { authorization: "AWS4-HMAC-SHA256 Credential=A/20261129/eu-west-1/s3express/aws4_request, X" },
  ],
  [
    "one that holds in several regions",
    { authorization: "AWS4-ECDSA-P256-SHA256 Credential=A/20261129/s3/aws4_request, X" },
  ],
])("nothing is learned of a request with %s", async (_what, headers) => {
  const reads = new SignedReads({ credentials: async () => credentials, clockOffsetMs: () => 0 });
  reads.learn("key", { host, path: "/bucket/key", agent: globalAgent, headers: { host, ...headers } });
  expect(await reads.read("key", { signal })).toBeUndefined();
});
