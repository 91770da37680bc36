import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

import { createMemoryStore } from "@holdpoint/core";
import { afterAll, describe, expect, it } from "vitest";

import { processMemory } from "../../../tooling/servers/src/process-memory.ts";
import { removePlaces, sharedStores } from "./every-store.ts";
import { PythonMount, pythonIsMissing } from "./python-mount.ts";
import { ask, send, serveMount } from "./served-mount.ts";
import type { ProxyProcess } from "./start-proxy.ts";
import { startProxy } from "./start-proxy.ts";

const mebibyte = 1024 * 1024;

afterAll(removePlaces);

function peakBytes({ child }: ProxyProcess): number {
  return processMemory(child.pid).peakBytes;
}

interface OnDirectory extends AsyncDisposable {
  readonly proxy: ProxyProcess;
  /** Another one, which knows nothing of what the first has read and written. */
  readonly startAnother: () => Promise<ProxyProcess>;
}

async function startOnDirectory(): Promise<OnDirectory> {
  const stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "limits-"));
  stack.defer(() => rm(directory, { recursive: true }));
  const start = async (): Promise<ProxyProcess> => stack.use(await startProxy({ ASYA_PERSISTENCE_MOUNT: directory }));
  return { proxy: await start(), startAnother: start, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describe.skipIf(process.platform !== "linux" || pythonIsMissing)("memory", () => {
  it("is bounded when a file is too large, which Python learns as EFBIG, and nothing of it is written", async () => {
    await using started = await startOnDirectory();
    const { proxy } = started;
    await using python = new PythonMount(proxy.socketPath);
    await python.write("warm", Buffer.alloc(mebibyte));
    const before = peakBytes(proxy);
    const large = Buffer.alloc(100_000_000, "x");
    await expect(python.write("large", large)).rejects.toMatchObject({ raised: "OSError", errno: "EFBIG" });
    expect(peakBytes(proxy) - before).toBeLessThan(96 * mebibyte);
    // Its length is not announced, so that it is kept until it is over the limit.
    const pieces = Array.from({ length: 100 }, () => large.subarray(0, 1_000_000));
    await expect(python.writeThrough("large", pieces)).rejects.toMatchObject({ raised: "OSError", errno: "EFBIG" });
    // Far more than could be kept unnoticed.
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let piece = 0; piece < 600; piece += 1) yield pieces[0] ?? large;
    }
    expect(await send(proxy, "/keys/large", endless())).toBe(413);
    expect(peakBytes(proxy) - before).toBeLessThan(4 * 64 * mebibyte);
    await expect(python.stat("large")).rejects.toMatchObject({ raised: "FileNotFoundError" });
    const answer = await ask(proxy, "PUT", "/keys/large", { body: large });
    expect({ status: answer.status, body: JSON.parse(String(answer.body)) as unknown }).toEqual({
      status: 413,
      body: { error: "too_large", message: expect.stringContaining(String(64 * mebibyte)) as string },
    });
  });

  it("is bounded when many large files are written and read at once", async () => {
    await using started = await startOnDirectory();
    const { proxy } = started;
    await ask(proxy, "PUT", "/keys/warm", { body: "1" });
    const before = peakBytes(proxy);
    const file = Buffer.alloc(40 * mebibyte, "0123456789abcdef");
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let start = 0; start < file.byteLength; start += mebibyte) yield file.subarray(start, start + mebibyte);
    }
    const keys = Array.from({ length: 20 }, (_, index) => `large-${index}`);
    const statuses = await Promise.all(
      keys.map(async (key, index) => {
        if (index % 2 === 0) return await send(proxy, `/keys/${key}`, pieces());
        return (await ask(proxy, "PUT", `/keys/${key}`, { body: file })).status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([204]));
    const readAll = async (from: ProxyProcess): Promise<ReadonlySet<boolean>> =>
      new Set(await Promise.all(keys.map(async (key) => (await ask(from, "GET", `/keys/${key}`)).body.equals(file))));
    expect(await readAll(proxy)).toEqual(new Set([true]));
    // Twice 800 MiB were on their way at once.
    expect(peakBytes(proxy) - before).toBeLessThan(400 * mebibyte);

    const another = await started.startAnother();
    const beforeReading = peakBytes(another);
    expect(await readAll(another)).toEqual(new Set([true]));
    expect(peakBytes(another) - beforeReading).toBeLessThan(400 * mebibyte);
  });
});

describe.skipIf(process.platform !== "linux").each(sharedStores)(
  "a file of 32 MiB on $name",
  ({ isMissing, environment, open, place }) => {
    it.skipIf(isMissing)("is asked about in next to nothing of its memory", async () => {
      const url = await place();
      await using store = await open(url);
      const sizeBytes = 32 * mebibyte;
      const { version } = await store.put("large", new Uint8Array(sizeBytes));
      await using proxy = await startProxy({ ...environment, ASYA_CHECKPOINT_STORE: url });
      await ask(proxy, "PUT", "/keys/small", { body: "1" });
      await ask(proxy, "HEAD", "/keys/small");
      const before = peakBytes(proxy);
      const { status, headers } = await ask(proxy, "HEAD", "/keys/large");
      expect({ status, length: headers["content-length"], etag: headers.etag }).toEqual({
        status: 200,
        length: String(sizeBytes),
        etag: `"${version}"`,
      });
      const attribute = await ask(proxy, "GET", "/meta/large?attr=version");
      expect(JSON.parse(String(attribute.body))).toEqual({ attr: "version", value: version });
      const besidesBytes = 2 * mebibyte;
      expect(peakBytes(proxy) - before).toBeLessThanOrEqual(sizeBytes / 8 + besidesBytes);
    });
  },
);

describe("a value of which nothing is known", () => {
  it("is read although writes hold the memory for it, whose programs wait for it", async () => {
    const store = await createMemoryStore();
    const value = Buffer.alloc(10 * mebibyte, "value");
    await store.put("source", value);
    await using mount = await serveMount(store, { maxBufferedBytes: 16 * mebibyte });
    const mayGoOn = Promise.withResolvers<void>();
    async function* copied(): AsyncGenerator<Uint8Array> {
      for (let piece = 0; piece < 3; piece += 1) yield Buffer.alloc(mebibyte);
      await mayGoOn.promise;
      yield value;
    }
    const writes = ["first", "second"].map((key) => send(mount, `/keys/${key}`, copied()));
    // Rooms for bodies that grow are doubled.
    await expect
      .poll(async () => String((await ask(mount, "GET", "/metrics")).body))
      .toContain(`state_proxy_body_bytes ${2 * 4 * mebibyte}\n`);
    const read = await Promise.all([1, 2].map(() => ask(mount, "GET", "/keys/source")));
    expect(read.map(({ body }) => body.equals(value))).toEqual([true, true]);
    mayGoOn.resolve();
    expect(await Promise.all(writes)).toEqual([204, 204]);
  });
});

describe("a request that breaks off", () => {
  const started = "Host: localhost\r\n";

  it.each([
    ["short of its length", `PUT /keys/k HTTP/1.1\r\n${started}Content-Length: 10\r\n\r\n12345`],
    ["within a chunk", `PUT /keys/k HTTP/1.1\r\n${started}Transfer-Encoding: chunked\r\n\r\na\r\n12345`],
    ["after a chunk", `PUT /keys/k HTTP/1.1\r\n${started}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n`],
    ["before its last line", `PUT /keys/k HTTP/1.1\r\n${started}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n`],
    ["within a new ttl", `PUT /meta/k?attr=ttl HTTP/1.1\r\n${started}Content-Length: 15\r\n\r\n{"value":`],
  ])("%s writes nothing", async (_where, head) => {
    const store = await createMemoryStore();
    await using mount = await serveMount(store);
    await ask(mount, "PUT", "/keys/k", { body: "before" });
    const { version } = (await store.get("k")) ?? {};
    for (const end of ["end", "destroy"] as const) {
      const connection = connect(mount.socketPath);
      connection.on("error", () => undefined);
      await new Promise<void>((resolve) => {
        connection.write(head, () => resolve());
      });
      // Half a second would be a request that is slow; that it is gone shows in the metrics.
      connection[end]();
      await text(connection).catch(() => "");
    }
    await expect
      .poll(async () => String((await ask(mount, "GET", "/metrics")).body))
      .toMatch(/^state_proxy_broken_requests_total 2$/mu);
    expect(await store.get("k")).toMatchObject({ version, body: new TextEncoder().encode("before") });
    expect(mount.logged.filter((line) => line.includes("request broke off"))).toHaveLength(2);
  });

  it("frees what it held", async () => {
    await using mount = await serveMount(await createMemoryStore(), { maxBufferedBytes: mebibyte });
    const held = Array.from({ length: 3 }, () => {
      const connection = connect(mount.socketPath);
      connection.on("error", () => undefined);
      connection.write(`PUT /keys/k HTTP/1.1\r\n${started}Content-Length: ${mebibyte}\r\n\r\nx`);
      return connection;
    });
    await expect.poll(async () => String((await ask(mount, "GET", "/metrics")).body)).toMatch(/_in_hand 4$/mu);
    // All three would be too much, so one waits, and with it whoever comes later.
    const later = ask(mount, "PUT", "/keys/later", { body: "value" });
    expect(await Promise.race([later.then(() => "answered"), delay(100, "waits")])).toBe("waits");
    for (const connection of held) connection.destroy();
    expect((await later).status).toBe(204);
    await expect
      .poll(async () => String((await ask(mount, "GET", "/metrics")).body))
      .toMatch(/^state_proxy_body_bytes 0$/mu);
  });

  it("does not count as read what a reader has not taken", async () => {
    const store = await createMemoryStore();
    await using mount = await serveMount(store, { mode: "cas" });
    await ask(mount, "PUT", "/keys/k", { body: "mine" });
    await store.put("k", new Uint8Array(32 * mebibyte));
    const connection = connect(mount.socketPath);
    connection.on("error", () => undefined);
    connection.write(`GET /keys/k HTTP/1.1\r\n${started}\r\n`);
    await new Promise<void>((resolve) => {
      connection.once("readable", resolve);
    });
    connection.destroy();
    await expect
      .poll(async () => String((await ask(mount, "GET", "/metrics")).body))
      .toMatch(/^state_proxy_requests_in_hand 1$/mu);
    expect((await ask(mount, "PUT", "/keys/k", { body: "blind" })).status).toBe(409);
  });
});

describe("what is no request of the protocol", () => {
  it.each([
    ["POST", "/keys/k", 405, "method_not_allowed"],
    ["PATCH", "/keys/k", 405, "method_not_allowed"],
    ["PUT", "/keys/", 405, "method_not_allowed"],
    ["DELETE", "/keys/", 405, "method_not_allowed"],
    ["DELETE", "/meta/k", 405, "method_not_allowed"],
    ["GET", "/", 404, "not_found"],
    ["GET", "/meta/", 404, "not_found"],
    ["GET", "/keysandmore", 404, "not_found"],
    ["PUT", "/keys/directory/", 400, "bad_request"],
    ["PUT", `/keys/${"k".repeat(513)}`, 400, "bad_request"],
    ["GET", `/keys/${"k".repeat(513)}`, 400, "bad_request"],
    ["PUT", "/meta/k", 400, "bad_request"],
  ])("%s %s is answered with %i", async (method, path, status, error) => {
    await using mount = await serveMount(await createMemoryStore());
    const answer = await ask(mount, method, path, method === "PUT" ? { body: "body" } : {});
    expect({ status: answer.status, type: answer.headers["content-type"] }).toEqual({
      status,
      type: "application/json",
    });
    expect(JSON.parse(String(answer.body))).toEqual({ error, message: expect.any(String) as string });
  });

  it("ends at a question mark, as the runtime's client sends it", async () => {
    await using mount = await serveMount(await createMemoryStore());
    expect((await ask(mount, "PUT", "/keys/notes?draft", { body: "1" })).status).toBe(204);
    expect(await Array.fromAsync(mount.store.list(), ({ key }) => key)).toEqual(["notes"]);
    expect(String((await ask(mount, "GET", "/keys/notes?final")).body)).toBe("1");
  });

  it("is answered where it is not even HTTP, or more than ASCII", async () => {
    await using mount = await serveMount(await createMemoryStore());
    for (const bytes of [
      "nonsense\r\n\r\n",
      "GET /keys/a b HTTP/1.1\r\n\r\n",
      "GET /keys/ä HTTP/1.1\r\nHost: x\r\n\r\n",
    ]) {
      const connection = connect(mount.socketPath);
      connection.write(bytes);
      const answer = await text(connection);
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/u);
      expect(answer).toContain('"error":"bad_request"');
    }
    expect((await ask(mount, "GET", "/healthz")).status).toBe(200);
  });

  it("leaves the connector to others, whatever it is that a peer does not finish", async () => {
    await using mount = await serveMount(await createMemoryStore(), { idleTimeoutMs: 200 });
    const connection = connect(mount.socketPath);
    connection.on("error", () => undefined);
    connection.write("PUT /keys/k HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n1");
    expect((await ask(mount, "PUT", "/keys/other", { body: "1" })).status).toBe(204);
    // Given up once it has sent nothing for long enough.
    await text(connection).catch(() => "");
    expect((await ask(mount, "HEAD", "/keys/k")).status).toBe(404);
  });
});
