import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { testServer } from "@holdpoint/test-servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { findFreePorts } from "../../../tooling/servers/src/free-ports.ts";
import { PythonMount, pythonIsMissing } from "./python-mount.ts";
import { ask, send } from "./served-mount.ts";
import { refusedProxy, startProxy } from "./start-proxy.ts";

let directory: string;
let state: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "spe-"));
  state = join(directory, "state");
  await mkdir(state);
});
afterAll(async () => await rm(directory, { recursive: true }));

it("names a variable that is probably mistyped", async () => {
  await using proxy = await startProxy({ ASYA_CHECKPOINT_STORE: `file://${state}`, STATE_MOD: "cas" });
  const warnings = proxy.lines.map((line) => JSON.parse(line) as object).filter((line) => "hint" in line);
  expect(warnings).toMatchObject([
    { level: "warn", variable: "STATE_MOD", hint: "did you mean STATE_MODE? It has no effect." },
  ]);
});

describe.skipIf(pythonIsMissing)("the executable", () => {
  it("serves, says so in lines of JSON, and ends with 0 when it is told to, its socket removed", async () => {
    await using proxy = await startProxy({ ASYA_CHECKPOINT_STORE: `file://${state}`, STATE_MODE: "cas" });
    expect(JSON.parse(String((await ask(proxy, "GET", "/healthz")).body))).toEqual({ status: "ready" });
    await using python = new PythonMount(proxy.socketPath);
    await python.write("a", "1");
    const { exitCode, lines } = await proxy.stop();
    expect(exitCode).toBe(0);
    expect(existsSync(proxy.socketPath)).toBe(false);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        level: "info",
        actor: "state-proxy",
        mount: "meta",
        event: "store opened",
        backend: "file",
      }),
      expect.objectContaining({ event: "ready", mode: "cas", socketPath: proxy.socketPath }),
      expect.objectContaining({ event: "stopping" }),
      expect.objectContaining({ event: "stopped", finished: true }),
    ]);
  });

  it("finishes what has begun, and goes on serving the program beside it until that is done", async () => {
    await using proxy = await startProxy({ ASYA_PERSISTENCE_MOUNT: state });
    const proceed = Promise.withResolvers<void>();
    async function* body(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode("begun, ");
      await proceed.promise;
      yield new TextEncoder().encode("and done");
    }
    const slow = send(proxy, "/keys/slow", body());
    await expect.poll(async () => String((await ask(proxy, "GET", "/metrics")).body)).toMatch(/_in_hand 2$/mu);
    const stopped = proxy.stop();
    await expect.poll(() => proxy.lines.at(-1)).toContain('"event":"stopping"');
    expect((await ask(proxy, "PUT", "/keys/late", { body: "also" })).status).toBe(204);
    proceed.resolve();
    expect(await slow).toBe(204);
    expect(String((await ask(proxy, "GET", "/keys/slow")).body)).toBe("begun, and done");
    expect((await stopped).exitCode).toBe(0);
  });

  it("takes over the socket of one that was killed, and not of one that runs", async () => {
    const socket = join(directory, "kept.sock");
    const variables = { ASYA_PERSISTENCE_MOUNT: state, CONNECTOR_SOCKET: socket };
    const killed = await startProxy(variables);
    const second = await refusedProxy(variables);
    expect(second.exitCode).toBe(78);
    expect(second.lines.join("\n")).toContain("another process is serving on this one");
    await killed[Symbol.asyncDispose]();
    expect(existsSync(socket)).toBe(true);
    await using next = await startProxy(variables);
    expect((await ask({ socketPath: socket }, "GET", "/healthz")).status).toBe(200);
    expect((await next.stop()).exitCode).toBe(0);
  });

  it("does not start half-configured, and names all that is wrong", async () => {
    const { exitCode, lines } = await refusedProxy({
      STATE_MODE: "sometimes",
      STATE_METRICS_PORT: "http",
      REDIS_URL: "redis://:hunter2@127.0.0.1",
      NATS_URL: "nats://user:hunter2@127.0.0.1",
    });
    expect(exitCode).toBe(78);
    const text = lines.join("\n");
    expect(text).toMatch(/^state-proxy cannot start\. 4 settings are wrong, so nothing was started\.$/mu);
    for (const variable of ["CONNECTOR_SOCKET", "STATE_MODE", "STATE_METRICS_PORT", "REDIS_URL and NATS_URL"]) {
      expect(text).toContain(`- ${variable}: found`);
    }
    expect(text).not.toContain("hunter2");
  });

  it.each([
    [{}, "ASYA_CHECKPOINT_STORE: found not set"],
    [{ CONNECTOR_SOCKET: "meta.sock" }, 'CONNECTOR_SOCKET: found "meta.sock"'],
    [{ CONNECTOR_SOCKET: "/nowhere/at/all.sock" }, "a directory that exists"],
    [{ STATE_BUCKET: "b" }, "no variable of AWS or Google"],
    [{ STATE_BUCKET: "b", AWS_REGION: "eu-west-1", GCS_PROJECT: "p" }, "variables of AWS and of Google"],
    [{ NATS_URL: "nats://127.0.0.1:1" }, "NATS_KV_BUCKET is not set"],
    [{ ASYA_CHECKPOINT_STORE: "redis://:hunter2@127.0.0.1:1/0" }, "ASYA_CHECKPOINT_STORE: found"],
    [{ ASYA_PERSISTENCE_MOUNT: "s3://bucket" }, "a URL belongs in ASYA_CHECKPOINT_STORE"],
  ])("refuses %o", async (variables: Readonly<Record<string, string>>, message) => {
    const { exitCode, lines } = await refusedProxy({ CONNECTOR_SOCKET: join(directory, "never.sock"), ...variables });
    expect(exitCode).toBe(78);
    expect(lines.join("\n")).toContain(message);
    expect(lines.join("\n")).not.toContain("hunter2");
  });

  it("leaves a file alone that is no socket", async () => {
    const file = join(directory, "file.sock");
    await writeFile(file, "mine");
    const { exitCode } = await refusedProxy({ CONNECTOR_SOCKET: file, ASYA_PERSISTENCE_MOUNT: state });
    expect(exitCode).toBe(78);
    expect(existsSync(file)).toBe(true);
  });

  it("shows its metrics on a port too, and nothing of its keys", async () => {
    const [port = 0] = await findFreePorts(1);
    await using proxy = await startProxy({ ASYA_PERSISTENCE_MOUNT: state, STATE_METRICS_PORT: String(port) });
    await ask(proxy, "PUT", "/keys/counted", { body: "1" });
    await ask(proxy, "GET", "/keys/uncounted");
    const url = `http://127.0.0.1:${port}`;
    const metrics = await fetch(`${url}/metrics`);
    expect(metrics.headers.get("content-type")).toMatch(/^text\/plain/u);
    const text = await metrics.text();
    expect(text).toContain('state_proxy_request_duration_seconds_count{operation="write",status="204"} 1');
    expect(text).toContain('state_proxy_request_duration_seconds_count{operation="read",status="404"} 1');
    expect(text).not.toContain("counted");
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/keys/counted`)).status).toBe(404);
    const other = await refusedProxy({
      ASYA_PERSISTENCE_MOUNT: state,
      STATE_METRICS_PORT: String(port),
      CONNECTOR_SOCKET: join(directory, "other.sock"),
    });
    expect(other.exitCode).toBe(78);
    expect(other.lines.join("\n")).toContain("STATE_METRICS_PORT");
  });
});

describe.skipIf(pythonIsMissing)("the variables of Asya's connectors", () => {
  const minio = testServer("minio");
  const gcs = testServer("gcs");
  const redis = testServer("redis");
  const nats = testServer("nats");

  async function expectFiles(variables: Readonly<Record<string, string>>): Promise<void> {
    await using proxy = await startProxy(variables);
    await using python = new PythonMount(proxy.socketPath);
    const key = `dir.${process.pid}/plain`;
    await python.write(key, "value");
    expect(String(await python.read(key))).toBe("value");
    expect(await python.listdir(`dir.${process.pid}`)).toEqual(["plain"]);
    await python.remove(key);
  }

  it.skipIf(minio.isMissing)("name a bucket of S3", async () => {
    const { origin, username, password } = new URL(minio.url);
    await expectFiles({
      STATE_BUCKET: "holdpoint",
      STATE_PREFIX: "connectors",
      AWS_ENDPOINT_URL: origin,
      AWS_ACCESS_KEY_ID: username,
      AWS_SECRET_ACCESS_KEY: password,
    });
  });

  it.skipIf(gcs.isMissing)("name a bucket of Google Cloud Storage", async () => {
    await expectFiles({ STATE_BUCKET: "holdpoint", STATE_PREFIX: "connectors", STORAGE_EMULATOR_HOST: gcs.url });
  });

  it.skipIf(redis.isMissing)("name a database of Redis", async () => {
    await expectFiles({ REDIS_URL: redis.url, STATE_PREFIX: "connectors" });
  });

  it.skipIf(nats.isMissing).each([
    ["NATS_URL", "NATS_KV_BUCKET"],
    ["STATE_NATS_URL", "STATE_KV_BUCKET"],
  ])("name a bucket of NATS as %s and %s", async (url, bucket) => {
    await expectFiles({ [url]: nats.url, [bucket]: "holdpoint", STATE_PREFIX: "connectors/" });
  });
});

it("does not wait at its end for a connection that has asked nothing", async () => {
  await using proxy = await startProxy({ ASYA_PERSISTENCE_MOUNT: state });
  const connection = connect(proxy.socketPath);
  connection.on("error", () => undefined);
  expect((await ask(proxy, "GET", "/healthz")).status).toBe(200);
  const { exitCode } = await proxy.stop();
  expect(exitCode).toBe(0);
  connection.destroy();
});
