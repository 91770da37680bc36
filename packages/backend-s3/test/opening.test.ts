import { execFile } from "node:child_process";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { inspect, promisify } from "node:util";

import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { CheckpointError, openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { createS3Store } from "@holdpoint/backend-s3";
import { createMinioStore } from "@holdpoint/backend-s3/minio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { HttpProxy } from "./http-proxy.ts";
import { awsClient, createBucket, credentials, endpoint, minio, host, minioClient, port } from "./test-server.ts";
import { clientNames, clients } from "./two-clients.ts";

const quick = { timeoutMs: 1500, attemptTimeoutMs: 1000, maxAttempts: 2 };

/** Opens a store at an authority with the credentials given, or with wrong ones. */
const openAt = {
  s3: (at: string, accessKey = "someone", scheme = "http"): Promise<CheckpointStore> => {
    const wrong = { accessKeyId: accessKey, secretAccessKey: "hush-hush" };
    return createS3Store({ bucket: "some-bucket", endpoint: `${scheme}://${at}`, credentials: wrong, ...quick });
  },
  minio: (at: string, accessKey = "someone", scheme = "http"): Promise<CheckpointStore> =>
    openStore(`minio://${accessKey}:hush-hush@${at}/some-bucket?tls=${scheme === "https"}`, quick),
} as const;

async function failure(work: Promise<unknown>): Promise<CheckpointError> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!CheckpointError.is(error)) throw new Error(`expected a CheckpointError, got ${inspect(error)}`);
  expect(error.message).not.toContain("hush-hush");
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("hush-hush");
  return error;
}

describe.each(clientNames)("opening %s: where there is no S3", (name) => {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const ports: Record<string, number> = {};

  async function listen(label: string, server: Server): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    });
    server.listen(0, "127.0.0.1", resolve);
    await promise;
    ports[label] = (server.address() as AddressInfo).port;
    servers.push(server);
  }

  beforeAll(async () => {
    await listen("silent", createServer());
    await listen(
      "redis",
      createServer((socket) => void socket.on("data", () => socket.write("-ERR unknown command\r\n"))),
    );
    const page = (status: number) =>
      createHttpServer((request, response) => {
        request.resume().on("end", () => {
          response.writeHead(status, { "content-type": "text/html" }).end("<html><body>It works!<br></body></html>");
        });
      });
    await listen("webSite", page(200));
    await listen("ingress", page(404));
    await listen("closed", createServer());
    const closed = servers.pop();
    const { promise, resolve } = Promise.withResolvers<void>();
    closed?.close(() => resolve());
    await promise;
  });

  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  });

  test.each([
    ["closed", "unavailable", "nothing listens"],
    ["redis", "unavailable", "not an HTTP server"],
    ["webSite", "unavailable", "not that of an S3 server"],
    ["ingress", "unavailable", "not that of an S3 server"],
    ["silent", "timeout", "there was no answer within"],
  ])("%s", async (label, code, words) => {
    const at = `127.0.0.1:${ports[label]}`;
    const startedAt = performance.now();
    const error = await failure(openAt[name](at));
    expect(error).toMatchObject({ code, backend: name });
    expect(error.message).toContain(words);
    expect(error.message).toContain(at);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  test("an unknown host", async () => {
    const error = await failure(openAt[name]("nowhere.invalid:9000"));
    expect(error.code).toBe("unavailable");
    expect(error.message).toContain("nowhere.invalid:9000");
  });
});

test("a minio: store needs the package minio", async () => {
  const script = `
    import { registerHooks } from "node:module";
    registerHooks({
      resolve: (specifier, context, next) => next(specifier === "minio" ? "not-installed" : specifier, context),
    });
    const { openStore } = await import("@holdpoint/core");
    await openStore("minio://someone:hush-hush@127.0.0.1:9/some-bucket").catch((error) => console.log(error.message));
  `;
  const options = { cwd: import.meta.dirname, timeout: 20_000 };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], options);
  expect(stdout).toContain("npm install minio");
});

test("a minio: store needs credentials", async () => {
  const error = await failure(openStore("minio://127.0.0.1:9/some-bucket", { environment: {} }));
  expect(error.code).toBe("invalid-argument");
  expect(error.message).toContain("MINIO_ACCESS_KEY");
});

describe.skipIf(minio.isMissing)("a client that was handed in", () => {
  test("works on after close: AWS SDK", async () => {
    const bucket = await createBucket();
    const client = awsClient();
    const store = await createS3Store({ bucket, client });
    await store.close();
    const { IsTruncated } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    expect(IsTruncated).toBe(false);
    client.destroy();
  });

  test("works on after close, as it was: minio", async () => {
    const bucket = await createBucket();
    const client = minioClient();
    const store = await createMinioStore({ bucket, client });
    await store.close();
    expect(client.region).toBeUndefined();
    expect(await client.bucketExists(bucket)).toBe(true);
  });
});

test("a client and what only a client of ours would take exclude each other", async () => {
  const s3 = await failure(createS3Store({ bucket: "b", client: awsClient(), region: "eu-west-1" }));
  expect(s3).toMatchObject({ code: "invalid-argument" });
  const ofMinio = await failure(createMinioStore({ bucket: "b", client: minioClient(), tls: true }));
  expect(ofMinio).toMatchObject({ code: "invalid-argument" });
});

describe.skipIf(minio.isMissing).each(clientNames)("opening %s:", (name) => {
  const at = `${host}:${port}`;

  test("a bucket that does not exist", async () => {
    const error = await failure(clients[name].open({ bucket: "holdpoint-no-such-bucket" }));
    expect(error).toMatchObject({ code: "not-found", retryable: false });
    expect(error.message).toContain("holdpoint-no-such-bucket");
  });

  test("wrong credentials", async () => {
    const unknown = await failure(openAt[name](at));
    expect(unknown).toMatchObject({ code: "permission-denied", retryable: false });
    const wrong = await failure(openAt[name](at, credentials.accessKeyId));
    expect(wrong).toMatchObject({ code: "permission-denied", retryable: false });
  });

  test("TLS to a server that has none", async () => {
    const error = await failure(openAt[name](at, "someone", "https"));
    expect(error).toMatchObject({ code: "unavailable" });
    expect(error.message).toContain(name === "s3" ? "endpoint=" : "tls=");
  });

  test("what a server repeats of a request does not get into the error", async () => {
    const body =
      "<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message><CanonicalRequest>x-amz-security-token:hush-hush</CanonicalRequest><Token-0>hush-hush</Token-0></Error>";
    await using proxy = await HttpProxy.start(() => ({ answer: { status: 403, body } }));
    const error = await failure(clients[name].open({ bucket: "some-bucket", port: proxy.port }));
    expect(error).toMatchObject({ code: "permission-denied" });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("Authorization");
  });

  test("a bucket in another region", async () => {
    const answer = {
      status: 301,
      headers: { "x-amz-bucket-region": "eu-west-1" },
      body: "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>",
    };
    await using proxy = await HttpProxy.start(() => ({ answer }));
    const error = await failure(clients[name].open({ bucket: "some-bucket", port: proxy.port }));
    expect(error.code).toBe("not-found");
    expect(error.message).toContain("region=eu-west-1");
  });

  test("nothing keeps the process alive after close", async () => {
    const bucket = await createBucket();
    const url = name === "s3" ? `s3://${bucket}?endpoint=${endpoint}` : `minio://${at}/${bucket}`;
    const script = `
      import { openStore } from "@holdpoint/core";
      const store = await openStore(${JSON.stringify(url)});
      await store.put("k", new Uint8Array(10));
      await store.get("k");
      await store.close();
      console.log("closed");
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
      cwd: import.meta.dirname,
      timeout: 20_000,
      env: {
        ...process.env,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
    });
    expect(stdout).toContain("closed");
  });
});
