import { randomUUID } from "node:crypto";

import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";
import { testServer } from "@holdpoint/test-servers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { inspector } from "../../backend-redis/test/test-server.ts";
import { awsClient } from "../../backend-s3/test/test-server.ts";
import { connectorStore } from "../src/connector-store.ts";
import { PythonMount, pythonIsMissing } from "./python-mount.ts";
import { ask, serveMount } from "./served-mount.ts";

const minio = testServer("minio");
const gcs = testServer("gcs");
const redis = testServer("redis");

/** What a connector's bucket or database is like to who looks into it without one. */
interface RawPlace {
  readonly variables: Readonly<Record<string, string>>;
  readonly write: (name: string, value: string) => Promise<void>;
  readonly read: (name: string) => Promise<string>;
}

const places: readonly (readonly [name: string, isMissing: boolean, place: () => RawPlace, separator: string])[] = [
  ["S3", minio.isMissing, s3Place, "/"],
  ["Google Cloud Storage", gcs.isMissing, gcsPlace, "/"],
  ["Redis", redis.isMissing, redisPlace, ":"],
];

beforeEach(() => {
  // Those of the tests' servers, or of who runs the tests.
  for (const name of Object.keys(process.env)) if (/^(?:AWS|GCS|GOOGLE|STORAGE)_/u.test(name)) vi.stubEnv(name, "");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

// What the runtime's client can send, with and without what marks a file's kind.
const ordinary = [
  "notes",
  "v1.0/weights.bin",
  "date=2026-01-31/part-0",
  ".hidden",
  "a+b@c,d;e!f~g/100%#1&2",
  "paused/t.json",
];

describe.each(places)("keys on %s", (_name, isMissing, rawPlace, separator) => {
  it.skipIf(isMissing || pythonIsMissing)("are where Asya's connector has put them, and puts them", async () => {
    const { variables, write, read } = rawPlace();
    const prefix = `crew-${randomUUID()}`;
    for (const [name, value] of Object.entries({ ...variables, STATE_PREFIX: prefix })) vi.stubEnv(name, value);
    for (const key of ordinary) await write(`${prefix}${separator}${key}`, `theirs ${key}`);
    const setting = connectorStore(process.env);
    await using mount = await serveMount(await openStore(setting?.from ?? ""), { mode: "cas" });
    await using python = new PythonMount(mount.socketPath);
    for (const key of ordinary) {
      expect(String(await python.read(key))).toBe(`theirs ${key}`);
      await python.write(key, `ours ${key}`);
      expect(await read(`${prefix}${separator}${key}`)).toContain(`ours ${key}`);
    }
    expect((await python.listdir("")).toSorted()).toEqual(
      [".hidden", "a+b@c,d;e!f~g", "date=2026-01-31", "notes", "paused", "v1.0"].toSorted(),
    );
    expect(await python.listdir("v1.0")).toEqual(["weights.bin"]);
    expect(await python.stat("v1.0")).toEqual({ size: 0, isFile: false });
  });

  it.skipIf(isMissing)("say size and version of a large value that another program has written", async () => {
    const { variables, write } = rawPlace();
    const prefix = `crew-${randomUUID()}`;
    for (const [name, value] of Object.entries({ ...variables, STATE_PREFIX: prefix })) vi.stubEnv(name, value);
    await write(`${prefix}${separator}large`, "x".repeat(200_000));
    const { from = "" } = connectorStore(process.env) ?? {};
    await using mount = await serveMount(await openStore(from));
    const [asked, read] = [await ask(mount, "HEAD", "/keys/large"), await ask(mount, "GET", "/keys/large")];
    expect(asked.headers).toMatchObject({ "content-length": "200000", etag: read.headers.etag });
    expect(read.headers.etag).toBeDefined();
  });

  it.skipIf(isMissing || pythonIsMissing)("of documents are the same for x-resume and for Python actors", async () => {
    const { variables } = rawPlace();
    const prefix = `crew-${randomUUID()}`;
    for (const [name, value] of Object.entries({ ...variables, STATE_PREFIX: prefix })) vi.stubEnv(name, value);
    const { from = "" } = connectorStore(process.env) ?? {};
    await using mount = await serveMount(await openStore(from), { mode: "cas" });
    await using python = new PythonMount(mount.socketPath);
    await using store = await openStore(from);
    const ledger = createPauseLedger(store);
    const document = {
      id: "task-1",
      route: { prev: ["analyzer"], curr: "x-pause", next: ["x-resume", "publisher"] },
      headers: { trace: "abc" },
      payload: { draft: "text" },
      _pause_metadata: { prompt: "Publish?", fields: [] },
    };
    await python.write("paused/task-1.json", JSON.stringify(document));
    const resumed = await ledger.resume({
      id: "answer-1",
      route: { prev: [], curr: "x-resume", next: [] },
      headers: { "x-asya-resume-task": "task-1" },
      payload: { approved: true },
    });
    expect(resumed.message).toMatchObject({ payload: { draft: "text", approved: true } });
    // A Python x-resume finds no way on in it, since the task has gone on.
    expect(JSON.parse(String(await python.read("paused/task-1.json")))).toMatchObject({ id: "task-1", route: null });

    await ledger.pause({ ...document, id: "task-2", route: { ...document.route, next: ["publisher"] } });
    const kept = JSON.parse(String(await python.read("paused/task-2.json"))) as object;
    expect(kept).toMatchObject({ ...document, id: "task-2", _pause_metadata: { prompt: "Task paused" } });
    expect((await python.listdir("paused")).toSorted()).toEqual(["task-1.json", "task-2.json"]);
  });
});

function s3Place(): RawPlace {
  const { origin, username, password } = new URL(minio.url);
  const client = awsClient();
  const Bucket = "holdpoint";
  return {
    variables: {
      STATE_BUCKET: Bucket,
      AWS_ENDPOINT_URL: origin,
      AWS_ACCESS_KEY_ID: username,
      AWS_SECRET_ACCESS_KEY: password,
    },
    write: async (Key, Body) => void (await client.send(new PutObjectCommand({ Bucket, Key, Body }))),
    read: async (Key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return (await Body?.transformToString()) ?? "";
    },
  };
}

function gcsPlace(): RawPlace {
  const bucket = "holdpoint";
  return {
    variables: { STATE_BUCKET: bucket, STORAGE_EMULATOR_HOST: gcs.url },
    write: async (name, body) => {
      const url = `${gcs.url}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(name)}`;
      const answer = await fetch(url, { method: "POST", body });
      expect(answer.status).toBe(200);
    },
    read: async (name) => {
      const answer = await fetch(`${gcs.url}/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}?alt=media`);
      return await answer.text();
    },
  };
}

function redisPlace(): RawPlace {
  return {
    variables: { REDIS_URL: redis.url },
    write: async (name, value) => {
      using client = inspector();
      await client.set(name, value);
    },
    read: async (name) => {
      using client = inspector();
      return (await client.get(name)) ?? "";
    },
  };
}
