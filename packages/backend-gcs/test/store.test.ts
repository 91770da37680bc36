import { once } from "node:events";
import { gzipSync } from "node:zlib";

import { Storage } from "@google-cloud/storage";
import { openStore } from "@holdpoint/core";
import { startCountingProxy } from "@holdpoint/test-servers";
import { beforeAll, describe, expect, test, vi } from "vitest";

import { GcsBucket } from "../src/gcs-bucket.ts";
import { GcsDriver } from "../src/gcs-driver.ts";
import { objectNameOf } from "../src/gcs-key.ts";
import { GcsTransport } from "../src/gcs-transport.ts";
import { objectNames } from "../src/object-names.ts";
import { createGcsStore } from "../src/index.ts";
import { gcs, ensureBucket, putObject } from "./test-server.ts";
import { startHttpProxy } from "./http-proxy.ts";
import { startTcpServer } from "./tcp-server.ts";

const bucket = "holdpoint-store";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (body: Uint8Array | undefined): string => new TextDecoder().decode(body);
const signal = new AbortController().signal;

let prefixes = 0;
function newPrefix(): string {
  prefixes += 1;
  return `t${process.pid}-${prefixes}`;
}

describe.skipIf(gcs.isMissing)("a store in Cloud Storage", () => {
  const endpoint = gcs.url;
  const storage = new Storage({ apiEndpoint: endpoint, projectId: "test" });

  let downloadsCarryMetadata = false;

  beforeAll(async () => {
    await ensureBucket(bucket);
    await putObject(bucket, "with-metadata", bytes("x"), { metadata: { colour: "red" } });
    const download = await fetch(`${endpoint}/storage/v1/b/${bucket}/o/with-metadata?alt=media`);
    downloadsCarryMetadata = download.headers.has("x-goog-meta-colour");
  });

  test("sends one request for each operation, also for a conflict", async () => {
    await using proxy = await startCountingProxy({ target: endpoint, protocol: "http" });
    await using store = await createGcsStore({ bucket, prefix: newPrefix(), endpoint: proxy.url });
    const requestsOf = async (operation: () => Promise<unknown>): Promise<number> => {
      proxy.reset();
      await operation().catch(() => undefined);
      return proxy.count();
    };
    expect(await requestsOf(() => store.put("a", bytes("1"), { ifAbsent: true }))).toBe(1);
    expect(await requestsOf(() => store.put("a", bytes("2"), { ifAbsent: true }))).toBe(1);
    expect(await requestsOf(() => store.put("a", bytes("2"), { ifVersion: "7" }))).toBe(1);
    expect(await requestsOf(() => store.get("a"))).toBe(downloadsCarryMetadata ? 1 : 2);
    expect(await requestsOf(() => store.get("b"))).toBe(1);
    expect(await requestsOf(() => store.check())).toBe(1);
    expect(await requestsOf(() => store.delete("a"))).toBe(1);
  });

  test("writes objects that no cache keeps, with the write id in their metadata", async () => {
    const prefix = newPrefix();
    await using store = await createGcsStore({ bucket, prefix, endpoint });
    const { version } = await store.put("paused/msg-123.json", bytes("{}"), { ifAbsent: true });
    const [metadata] = await storage.bucket(bucket).file(`${prefix}/paused/msg-123.json`).getMetadata();
    expect(metadata).toMatchObject({ generation: version, cacheControl: "no-store" });
    expect(metadata.metadata?.["holdpoint-write-id"]).toMatch(/^[0-9a-f-]{36}-$/);
  });

  test("leaves no scratch object behind", async () => {
    const prefix = newPrefix();
    await using store = await createGcsStore({ bucket, prefix, endpoint });
    await store.check();
    const [files] = await storage.bucket(bucket).getFiles({ prefix });
    expect(files).toEqual([]);
  });

  test("declares what this server was seen to do", async () => {
    const prefix = newPrefix();
    await using store = await createGcsStore({ bucket, prefix, endpoint });
    expect(store.capabilities).toMatchObject({ ttl: false, uniqueVersions: true });
    await store.put("a", bytes("1"));
    // fake-gcs-server ignores preconditions on delete: https://github.com/fsouza/fake-gcs-server/issues/1282
    const url = `${endpoint}/storage/v1/b/${bucket}/o/${prefix}%2Fa?ifGenerationMatch=7`;
    const response = await fetch(url, { method: "DELETE" });
    expect(store.capabilities.conditionalDelete).toBe(response.status === 412);
  });

  test('the version "0" means to the server that there is no object, and matches nothing here', async () => {
    await using store = await createGcsStore({ bucket, prefix: newPrefix(), endpoint });
    for (const ifVersion of ["0", "00", "-1", "1e3", "somebody's", "9".repeat(30)]) {
      await expect(store.put("a", bytes("1"), { ifVersion })).rejects.toMatchObject({ code: "conflict" });
    }
    expect(await store.get("a")).toBeNull();
  });

  test("reads what was stored with gzip as it is stored", async () => {
    const prefix = newPrefix();
    const packed = gzipSync("a message");
    await putObject(bucket, `${prefix}/a`, packed, { contentEncoding: "gzip" });
    await using store = await createGcsStore({ bucket, prefix, endpoint });
    expect((await store.get("a"))?.body).toEqual(new Uint8Array(packed));
  });

  test("does not list objects whose names are nobody's keys", async () => {
    const prefix = newPrefix();
    await putObject(bucket, `${prefix}/a//b`, bytes("x"));
    await putObject(bucket, `${prefix}/paused/by-python.json`, bytes("x"));
    await using store = await createGcsStore({ bucket, prefix, endpoint });
    expect((await Array.fromAsync(store.list())).map(({ key }) => key)).toEqual(["paused/by-python.json"]);
  });

  test("finds the write id where downloads come without it, in one more request", async () => {
    await using proxy = await startHttpProxy(endpoint, { dropHeaders: /^x-goog-meta-/ });
    const driver = driverAt(proxy.url, {});
    await driver.check({ signal });
    const { version } = await driver.write("a", bytes("1"), write("id-1"), { signal });
    proxy.requests.length = 0;
    expect(await driver.read("a", { signal })).toMatchObject({ version, writeId: "id-1" });
    expect(proxy.requests).toHaveLength(2);
    expect(await driver.read("b", { signal })).toBeNull();
    await driver.close();
  });

  test("reads in two requests although the server closes each connection that was idle for long", async () => {
    await using proxy = await startHttpProxy(endpoint, { dropHeaders: /^x-goog-/, closesIdle: true });
    const driver = driverAt(proxy.url, {});
    const { version } = await driver.write("slow", bytes("1"), write("id-1"), { signal });
    for (let round = 0; round < 3; round += 1) {
      expect(await driver.read("slow", { signal })).toMatchObject({ version, writeId: "id-1" });
    }
    await driver.close();
  });

  test("finds the generation where downloads come without it", async () => {
    await using proxy = await startHttpProxy(endpoint, { dropHeaders: /^x-goog-/ });
    const driver = driverAt(proxy.url, {});
    const { version } = await driver.write("a", bytes("1"), write("id-1"), { signal });
    expect(await driver.read("a", { signal })).toMatchObject({ version, writeId: "id-1" });
    await expect(driver.read("a", { signal, maxBytes: 0 })).rejects.toMatchObject({ sizeBytes: 1, version: undefined });
    await driver.close();
  });

  test.each([/^x-goog-/, /^x-goog-meta-/])(
    "never takes bytes and generation from two objects, without %s",
    async (dropHeaders) => {
      const prefix = newPrefix();
      const writer = driverAt(endpoint, { prefix });
      await writer.write("a", bytes("1"), write("id-1"), { signal });
      let version: string | undefined;
      await using proxy = await startHttpProxy(endpoint, {
        dropHeaders,
        // Another client writes between the two requests of a read.
        cut: async () => {
          version ??= (await writer.write("a", bytes("2"), write("id-2"), { signal })).version;
          return false;
        },
      });
      const reader = driverAt(proxy.url, { prefix });
      const record = await reader.read("a", { signal });
      expect(record).toMatchObject({ version, writeId: "id-2" });
      expect(text(record?.body)).toBe("2");
      expect(proxy.requests).toHaveLength(4);
      await Promise.all([reader.close(), writer.close()]);
    },
  );

  test("as Google's service, is not probed, is asked once, and gets the precondition on delete", async () => {
    await using proxy = await startHttpProxy(endpoint);
    const driver = driverAt(proxy.url, { isGoogle: true });
    expect(driver.capabilities.conditionalDelete).toBe(true);
    await driver.check({ signal });
    expect(proxy.requests).toEqual([expect.stringMatching(/^POST .*ifGenerationMatch=\d+/)]);
    await driver.remove("a", "123", { signal });
    expect(proxy.requests[1]).toMatch(/^DELETE .*%2Fa\?ifGenerationMatch=123$/);
    await driver.close();
  });

  test("reads through the XML API, as from Google's service", async ({ skip }) => {
    const prefix = newPrefix();
    const driver = driverAt(endpoint, { prefix, isGoogle: true, downloadsByXml: true });
    const key = "paused/größe +&?#'()*!.json";
    const { version } = await driver.write(key, bytes("1"), write("id-1"), { signal });
    const seen = await fetch(`${endpoint}/${bucket}/${prefix}/${encodeURIComponent(objectNameOf(key))}`);
    if (!seen.headers.has("x-goog-meta-holdpoint-write-id")) return skip("this server has no such API at this address");
    const record = await driver.read(key, { signal });
    expect(record).toMatchObject({ version, writeId: "id-1" });
    expect(text(record?.body)).toBe("1");
    expect(await driver.read("b", { signal })).toBeNull();
    await driver.close();
  });

  test("settles a write whose answer was lost", async () => {
    let cuts = 0;
    await using proxy = await startHttpProxy(endpoint, {
      cut: (request) => request.url?.includes("paused") === true && (cuts += 1) === 1,
    });
    await using store = await createGcsStore({ bucket, prefix: newPrefix(), endpoint: proxy.url });
    proxy.requests.length = 0;
    const { version } = await store.put("paused/a", bytes("1"), { ifAbsent: true });
    expect(proxy.requests.filter((request) => request.startsWith("POST"))).toHaveLength(1);
    expect((await store.get("paused/a"))?.version).toBe(version);
  });

  test("never gives half a value", async () => {
    let cuts = 0;
    await using proxy = await startHttpProxy(endpoint, {
      cutBody: (request) => request.url?.includes("large?alt=media") === true && (cuts += 1) === 1,
    });
    await using store = await createGcsStore({ bucket, prefix: newPrefix(), endpoint: proxy.url });
    const body = new Uint8Array(100_000).fill(7);
    await store.put("large", body);
    expect((await store.get("large"))?.body).toEqual(body);
    expect(cuts).toBe(2);
  });

  test("takes a client that is handed in, sends each request once, and leaves it open", async () => {
    await using proxy = await startHttpProxy(endpoint, { cut: (request) => request.url?.includes("doomed") === true });
    const client = new Storage({ apiEndpoint: proxy.url, projectId: "test" });
    const store = await createGcsStore({ bucket, prefix: newPrefix(), client, maxAttempts: 1 });
    await store.put("a", bytes("1"));
    proxy.requests.length = 0;
    await expect(store.get("doomed")).rejects.toMatchObject({ code: "unavailable", retryable: true });
    expect(proxy.requests).toHaveLength(1);
    await store.close();
    expect(await client.bucket(bucket).file("nobody").exists()).toEqual([false]);
  });

  test("is opened by name, and by the environment", async () => {
    const prefix = newPrefix();
    await using byName = await openStore({ backend: "gcs", bucket, prefix, endpoint });
    await byName.put("a", bytes("1"));
    const environment = { STATE_BUCKET: bucket, STATE_PREFIX: prefix, STORAGE_EMULATOR_HOST: endpoint };
    await using byEnvironment = await openStore("gs://", { environment });
    expect(text((await byEnvironment.get("a"))?.body)).toBe("1");
    expect(byEnvironment.location).toBe(`gs://${bucket}/${prefix}/?endpoint=${endpoint}`);
  });

  test("finds what a state proxy's connector has written, whatever its STATE_PREFIX ends with", async () => {
    const prefix = `${newPrefix()}/`;
    const file = new Storage({ apiEndpoint: endpoint, projectId: "test" })
      .bucket(bucket)
      .file(`${prefix}/paused/t.json`);
    await file.save("{}");
    const environment = { STATE_BUCKET: bucket, STATE_PREFIX: prefix, STORAGE_EMULATOR_HOST: endpoint };
    await using byRules = await openStore("gs://?prefixRules=state-proxy", { environment });
    expect(text((await byRules.get("paused/t.json"))?.body)).toBe("{}");
    await using byLocation = await openStore(byRules.location);
    expect(await Array.fromAsync(byLocation.list(), ({ key }) => key)).toEqual(["paused/t.json"]);
    await using byOurs = await openStore("gs://", { environment });
    expect(await byOurs.get("paused/t.json")).toBeNull();
  });

  test("follows STORAGE_EMULATOR_HOST also without a URL, as the SDK does", async () => {
    vi.stubEnv("STORAGE_EMULATOR_HOST", endpoint.replace("http://", ""));
    try {
      await using store = await createGcsStore({ bucket, prefix: newPrefix() });
      expect(store.location).toContain(endpoint);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("lets the socket of an aborted request go", async () => {
    await using silent = await startTcpServer();
    const driver = driverAt(`http://${silent.host}`, {});
    const controller = new AbortController();
    const reading = driver.read("a", { signal: controller.signal });
    const socket = await silent.connected;
    const closed = once(socket, "close");
    controller.abort();
    await expect(reading).rejects.toThrow(/abort/);
    await closed;
    await driver.close();
  });

  test("ends what is under way when it is closed", async () => {
    await using silent = await startTcpServer();
    const driver = driverAt(`http://${silent.host}`, {});
    const writing = driver.write("a", bytes("1"), write("id-1"), { signal });
    const socket = await silent.connected;
    const closed = once(socket, "close");
    await driver.close();
    const error: unknown = await writing.catch((reason: unknown) => reason);
    expect(driver.classify(error)).toMatchObject({ code: "closed", outcome: "unknown" });
    await closed;
  });

  test("an aborted signal before the request throws nowhere else", async () => {
    const driver = driverAt(endpoint, {});
    const aborted = AbortSignal.abort();
    await expect(driver.write("a", bytes("1"), write("id-1"), { signal: aborted })).rejects.toThrow(/abort/);
    await driver.close();
  });
});

interface DriverOptions {
  readonly prefix?: string;
  readonly isGoogle?: boolean;
  readonly downloadsByXml?: boolean;
}

function driverAt(endpoint: string, options: DriverOptions): GcsDriver {
  const { prefix = newPrefix(), isGoogle = false, downloadsByXml = false } = options;
  const transport = new GcsTransport(new Storage({ apiEndpoint: endpoint, projectId: "test" }));
  return new GcsDriver({
    transport,
    bucket: new GcsBucket(transport, { endpoint, bucket, downloadsByXml }),
    location: `gs://${bucket}/`,
    prefix: `${prefix}/`,
    names: objectNames(),
    isGoogle,
    unsafeAllowMissingPreconditions: false,
  });
}

function write(writeId: string): Parameters<GcsDriver["write"]>[2] {
  return { precondition: { kind: "any" }, writeId, ttlMs: undefined };
}
