import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";

import { PutObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { beforeAll, describe, expect, test } from "vitest";

import { HttpProxy } from "./http-proxy.ts";
import { awsClient, createBucket, minio } from "./test-server.ts";
import { clientNames, clients } from "./two-clients.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (body: Uint8Array | undefined): string => new TextDecoder().decode(body);

async function keys(store: CheckpointStore, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list({ prefix })) found.push(key);
  return found.toSorted();
}

async function failure(work: Promise<unknown>): Promise<CheckpointError> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!CheckpointError.is(error)) throw new Error(`expected a CheckpointError, got ${inspect(error)}`);
  return error;
}

describe.skipIf(minio.isMissing).each(clientNames)("%s", (name) => {
  const { open, openWithClient, openAnonymously } = clients[name];
  let bucket: string;
  beforeAll(async () => {
    bucket = await createBucket();
  });

  test("a write, a read, a conflict are one request each; a delete is two", async () => {
    await using proxy = await HttpProxy.start();
    await using store = await open({ bucket, prefix: "cost", port: proxy.port });
    const count = async (work: () => Promise<unknown>): Promise<string[]> => {
      const before = proxy.requests.length;
      await work();
      return proxy.requests.slice(before);
    };
    const { version } = await store.put("other", bytes("1"));
    const put = `PUT /${bucket}/cost/k.x`;
    expect(await count(() => store.put("k.x", bytes("1"), { ifAbsent: true }))).toEqual([put]);
    expect(await count(() => failure(store.put("k.x", bytes("2"), { ifAbsent: true })))).toEqual([put]);
    expect(await count(() => failure(store.put("k.x", bytes("2"), { ifVersion: "0".repeat(32) })))).toEqual([put]);
    expect(await count(() => store.put("other", bytes("2"), { ifVersion: version }))).toHaveLength(1);
    expect(await count(() => store.get("k.x"))).toEqual([`GET /${bucket}/cost/k.x`]);
    expect(await count(() => store.get("none.x"))).toEqual([`GET /${bucket}/cost/none.x`]);
    expect(await count(() => store.delete("k.x"))).toEqual([`GET /${bucket}/cost/k.x`, `DELETE /${bucket}/cost/k.x`]);
    expect(await count(() => store.delete("k.x"))).toEqual([`GET /${bucket}/cost/k.x`]);
    expect(await count(() => keys(store))).toEqual([`GET /${bucket}${name === "minio" ? "" : "/"}`]);
  });

  test("opening leaves nothing behind", async () => {
    const store = await open({ bucket, prefix: "opened" });
    await store.close();
    const client = awsClient();
    const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: "opened" }));
    client.destroy();
    expect(KeyCount).toBe(0);
  });

  test("MinIO ignores a condition on DELETE, so none is promised", async () => {
    await using store = await open({ bucket });
    expect(store.capabilities).toMatchObject({ conditionalDelete: false, ttl: false, uniqueVersions: false });
    const { version } = await store.put("k", bytes("1"));
    expect(await failure(store.delete("k", { ifVersion: version }))).toMatchObject({ code: "unsupported" });
  });

  test("in a versioned bucket a removed key is not revived", async () => {
    await using store = await open({ bucket: await createBucket({ versioned: true }) });
    const { version } = await store.put("k", bytes("1"));
    expect(await store.delete("k")).toBe(true);
    expect(await store.get("k")).toBeNull();
    expect(await store.delete("k")).toBe(false);
    expect(await failure(store.put("k", bytes("2"), { ifVersion: version }))).toMatchObject({ code: "conflict" });
    await store.put("k", bytes("1"), { ifAbsent: true });
    expect(text((await store.get("k"))?.body)).toBe("1");
  });

  test("a listing leaves out what others keep there", async () => {
    await using store = await open({ bucket, prefix: "shared" });
    const own = ["paused/1.json", "paused/1.json/x", "paused/2", "paused/2/x", "other"];
    for (const key of own) await store.put(key, bytes(key));
    const client = awsClient();
    // The second would make a page unreadable as XML, the others are no names that a key has.
    for (const Key of ["shared-not/x", "shared/\u0001 &<>", "shared/é", "shared/.hidden", "shared/bare"]) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: "x" }));
    }
    client.destroy();
    expect(await keys(store)).toEqual(own.toSorted());
    expect(await keys(store, "paused/1")).toEqual(["paused/1.json", "paused/1.json/x"]);
    expect(await keys(store, "paused/2/")).toEqual(["paused/2/x"]);
  });

  test("names that look like numbers and booleans come back as they are", async () => {
    await using store = await open({ bucket: await createBucket() });
    const odd = ["1e3", "0012", "0x1F", "false", "true", "null", "-1", "1.50", "Infinity"];
    for (const key of odd) await store.put(key, bytes(key));
    expect(await keys(store)).toEqual(odd.toSorted());
  });

  test("a write whose answer is lost is settled", async () => {
    let cut = true;
    await using proxy = await HttpProxy.start((method, path) => ({
      cut: cut && method === "PUT" && path.includes("/lost/k"),
    }));
    await using store = await open({ bucket, prefix: "lost", port: proxy.port, maxAttempts: 2 });
    const { version } = await store.put("k", bytes("1"), { ifAbsent: true });
    expect(await store.get("k")).toMatchObject({ version });
    cut = false;
    await store.put("k", bytes("2"), { ifVersion: version });
  });

  test("a client that retries by itself does not turn a lost answer into a conflict", async () => {
    let lost = 0;
    await using proxy = await HttpProxy.start((method, path) => {
      if (method !== "PUT" || !path.includes("/retry/k")) return {};
      lost += 1;
      // The write is done, the answer is a gateway's.
      return lost === 1 ? { cut: true } : {};
    });
    await using store = await openWithClient({ bucket, prefix: "retry", port: proxy.port });
    const { version } = await store.put("k", bytes("1"), { ifAbsent: true });
    expect(await store.get("k")).toMatchObject({ version });
    expect(lost).toBe(1);
  });

  test("half a body is never a value", async () => {
    let truncate = false;
    await using proxy = await HttpProxy.start(() => (truncate ? { truncateTo: 3 } : {}));
    await using store = await open({ bucket, prefix: "half", port: proxy.port, maxAttempts: 2 });
    await store.put("k", bytes("0123456789"));
    truncate = true;
    expect(await failure(store.get("k"))).toMatchObject({ code: "unavailable", retryable: true });
    truncate = false;
    expect(text((await store.get("k"))?.body)).toBe("0123456789");
  });

  test("what AWS documents and MinIO does not do", async () => {
    const answers = [
      { status: 409, body: "<Error><Code>ConditionalRequestConflict</Code><Message>m</Message></Error>" },
      {
        status: 503,
        body: "<Error><Code>SlowDown</Code><Message>m</Message></Error>",
        headers: { "retry-after": "1" },
      },
    ];
    let missing = false;
    await using proxy = await HttpProxy.start((method, path) => {
      if (method === "PUT" && path.includes("/aws/k")) {
        const answer = answers.shift();
        if (answer !== undefined) return { answer };
      }
      // Without s3:ListBucket, AWS says this of a key that does not exist.
      if (missing)
        return {
          answer: { status: 403, body: "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>" },
        };
      return {};
    });
    await using store = await openWithClient({ bucket, prefix: "aws", port: proxy.port });

    const before = proxy.requests.length;
    const startedAt = performance.now();
    await store.put("k", bytes("1"), { ifAbsent: true });
    expect(proxy.requests.slice(before).map((request) => request.slice(0, 3))).toEqual(["PUT", "PUT", "PUT"]);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);

    missing = true;
    const error = await failure(store.get("k"));
    expect(error).toMatchObject({ code: "permission-denied", retryable: false });
    expect(error.message).toMatch(/s3:GetObject.*s3:ListBucket.*nothing is stored under the key/u);
    expect(await failure(store.delete("k"))).toMatchObject({ code: "permission-denied", outcome: "not-applied" });
  });

  test("the guide's three permissions are enough, and list says what it lacks", async () => {
    const allow = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"];
    await using store = await openAnonymously({ bucket: await createBucket({ allow }) });
    const { version } = await store.put("k", bytes("1"), { ifAbsent: true });
    await store.put("k", bytes("2"), { ifVersion: version });
    expect(text((await store.get("k"))?.body)).toBe("2");
    expect(await store.delete("k")).toBe(true);
    const error = await failure(keys(store));
    expect(error.code).toBe("permission-denied");
    expect(error.message).toContain("s3:ListBucket");
  });

  test("a bucket without permission is refused when it is opened", async () => {
    const error = await failure(openAnonymously({ bucket }));
    expect(error).toMatchObject({ code: "permission-denied", retryable: false });
  });

  test("a read that is not permitted is not a missing key", async () => {
    const only = await createBucket({ allow: ["s3:PutObject"] });
    await using store = await openAnonymously({ bucket: only });
    expect(await failure(store.get("none"))).toMatchObject({ code: "permission-denied" });
    expect(await failure(store.delete("none"))).toMatchObject({ code: "permission-denied" });
  });

  describe("a server that ignores preconditions", () => {
    const allow = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"];

    test.each([["if-none-match"], ["if-match"]])("is refused: %s", async (header) => {
      await using proxy = await HttpProxy.start(() => ({ drop: [header] }));
      const options = { bucket: await createBucket({ allow }), port: proxy.port };
      const error = await failure(openAnonymously(options));
      expect(error.code).toBe("unsupported");
      expect(error.message.toLowerCase()).toContain(header);
      expect(error.message).toContain("unsafeAllowMissingPreconditions");
      await using store = await openAnonymously({ ...options, unsafeAllowMissingPreconditions: true });
      await store.put("k", bytes("1"));
    });
  });

  test("an operation ends when its caller has enough of it", async () => {
    await using proxy = await HttpProxy.start();
    await using store = await open({ bucket, prefix: "abort", port: proxy.port });
    const controller = new AbortController();
    const put = failure(store.put("k", new Uint8Array(8_000_000), { signal: controller.signal }));
    await sleep(0);
    controller.abort();
    expect(await put).toMatchObject({ code: "aborted" });
  });
});
