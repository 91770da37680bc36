import { createHash } from "node:crypto";

import { CheckpointError } from "@holdpoint/core";
import { beforeAll, describe, expect, test } from "vitest";

import { HttpProxy } from "./http-proxy.ts";
import type { ProxyRule } from "./http-proxy.ts";
import { createBucket, minio } from "./test-server.ts";
import { clientNames, clients } from "./two-clients.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const errorBody = (code: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Words of the server.</Message></Error>`;

async function failureOf(work: Promise<unknown>): Promise<CheckpointError> {
  const error: unknown = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!CheckpointError.is(error)) throw error;
  return error;
}

describe.skipIf(minio.isMissing).each(clientNames)("answers through %s", (name) => {
  const { open, openWithClient } = clients[name];
  let bucket: string;
  beforeAll(async () => {
    bucket = await createBucket();
  });

  describe.each(["with a body", "without one"])("%s", (form) => {
    // Of these the minio client leaves some unread and reads others.
    test.each([
      400, 405, 409, 414, 416, 429, 431, 499, 500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 511, 520, 599,
    ])("an error with status %i ends, as soon as it is there", async (status) => {
      const body = form === "with a body" ? errorBody("XMinioStorageFull") : "";
      let spoiled = false;
      await using proxy = await HttpProxy.start((method) =>
        spoiled && method === "PUT" ? { answer: { status, body } } : {},
      );
      for (const openStore of [open, openWithClient]) {
        spoiled = false;
        await using store = await openStore({ bucket, prefix: "status", port: proxy.port, maxAttempts: 1 });
        spoiled = true;
        const startedAt = performance.now();
        const options = { timeoutMs: 5_000 };
        const error = await failureOf(store.put("k", bytes("1"), options));
        expect(error.code).not.toBe("timeout");
        if (body !== "") expect(error.message).toContain("storage is full");
        expect(performance.now() - startedAt).toBeLessThan(4_500);
      }
    });
  });

  describe.each([
    [400, "RequestTimeout"],
    [403, "AccessDenied"],
    [404, "NoSuchBucket"],
    [409, "OperationAborted"],
    [413, "EntityTooLarge"],
    [429, "TooManyRequests"],
    [500, "InternalError"],
    [501, "NotImplemented"],
    [503, "SlowDown"],
    [507, "XMinioStorageFull"],
  ])("an error answer %i %s that breaks off within its body", (status, code) => {
    const body = errorBody(code);
    const cuts: readonly [string, ProxyRule][] = [
      ["at once", { truncateTo: 0 }],
      ["within its first tag", { truncateTo: 42 }],
      ["behind its code", { truncateTo: body.indexOf("<Message>") }],
      ["before its last tag, without a length", { truncateTo: body.indexOf("</Error>"), withoutLength: true }],
    ];

    test.each(cuts)("%s is asked again", async (_where, cut) => {
      let left = 0;
      await using proxy = await HttpProxy.start((method, path) => {
        if (left === 0 || !path.includes("broken") || (left === Infinity && method !== "PUT")) return {};
        left -= 1;
        return { answer: { status, body }, ...cut };
      });
      await using store = await open({ bucket, prefix: "broken", port: proxy.port, maxAttempts: 2 });
      const key = crypto.randomUUID();
      left = 1;
      const { version } = await store.put(key, bytes("1"), { ifAbsent: true });
      left = 1;
      expect((await store.get(key))?.version).toBe(version);
      left = 1;
      expect(await store.delete(key)).toBe(true);
      left = Infinity;
      const error = await failureOf(store.put(key, bytes("2"), { timeoutMs: 5_000 }));
      expect(error).toMatchObject({ code: "unavailable", retryable: true });
      expect(error.message).toContain(`HTTP ${status}`);
    });
  });

  test.each([
    ["with a length", false],
    ["without a length", true],
  ])("a listing that breaks off is asked again, %s", async (form, withoutLength) => {
    let left = 0;
    await using proxy = await HttpProxy.start((_method, path) => {
      if (left === 0 || !path.includes("prefix=")) return {};
      left -= 1;
      return { truncateTo: 200, withoutLength };
    });
    await using store = await open({ bucket, prefix: `listed ${form}`, port: proxy.port });
    await store.put("k", bytes("1"));
    left = 1;
    expect((await Array.fromAsync(store.list())).map(({ key }) => key)).toEqual(["k"]);
    expect(left).toBe(0);
  });

  test.each([
    ["with its code", errorBody("NoSuchKey")],
    ["without a body", ""],
  ])("a DELETE that is answered 404 %s has found nothing", async (_form, body) => {
    // As https://cloud.google.com/storage/docs/xml-api/delete-object has it.
    let isThere = true;
    await using proxy = await HttpProxy.start((method) =>
      method === "DELETE" && !isThere ? { answer: { status: 404, body } } : {},
    );
    await using store = await open({ bucket, prefix: crypto.randomUUID(), port: proxy.port });
    await store.put("k", bytes("1"));
    expect(await store.delete("k")).toBe(true);
    isThere = false;
    expect(await store.delete("k")).toBe(false);
  });

  test("an object that goes between the look and a DELETE that is answered 404 without a body was not there", async () => {
    let goes = false;
    await using direct = await open({ bucket, prefix: "gone-between" });
    await using proxy = await HttpProxy.start(async (method) => {
      if (method !== "DELETE" || !goes) return {};
      goes = false;
      await direct.delete("k");
      return { answer: { status: 404 } };
    });
    await using store = await open({ bucket, prefix: "gone-between", port: proxy.port });
    await store.put("k", bytes("1"));
    goes = true;
    expect(await store.delete("k")).toBe(false);
    expect(goes).toBe(false);
    // What answers 404 to the DELETE of what is there is no server of ours.
    await store.put("k", bytes("2"));
    await using wrong = await HttpProxy.start((method, path) =>
      method === "DELETE" && path.includes("gone-between/k") ? { answer: { status: 404 } } : {},
    );
    await using elsewhere = await open({ bucket, prefix: "gone-between", port: wrong.port, maxAttempts: 1 });
    expect((await failureOf(elsewhere.delete("k"))).code).not.toBe("conflict");
    expect(await direct.get("k")).not.toBeNull();
  });

  test("a server that answers 404 to every DELETE of what is not there can be opened", async () => {
    const there = new Set<string>();
    await using proxy = await HttpProxy.start((method, path) => {
      const object = path.replace(/\?.*/u, "");
      if (method === "PUT") there.add(object);
      if (method !== "DELETE" || there.delete(object)) return {};
      return { answer: { status: 404, body: errorBody("NoSuchKey") } };
    });
    await using store = await open({ bucket, prefix: "xml-api", port: proxy.port });
    expect(await store.delete("never")).toBe(false);
  });

  test("an ETag that belongs to other bytes is not taken for the version", async () => {
    let lies = 0;
    const other = `"${createHash("md5").update("2").digest("hex")}"`;
    await using proxy = await HttpProxy.start((method) => {
      if (method !== "GET" || lies === 0) return {};
      lies -= 1;
      return { headers: (headers) => ({ ...headers, etag: other }) };
    });
    await using store = await open({ bucket, prefix: "torn", port: proxy.port, maxAttempts: 1 });
    const { version } = await store.put("k", bytes("1"));
    lies = 1;
    expect((await store.get("k"))?.version).toBe(version);
    lies = Infinity;
    const error = await failureOf(store.get("k"));
    expect(error.code).toBe("unavailable");
    expect(error.message).toContain("ETag");
  });
});
