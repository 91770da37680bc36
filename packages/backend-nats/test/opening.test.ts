import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import { inspect } from "node:util";

import { CheckpointError, openStore } from "@holdpoint/core";
import { testServer } from "@holdpoint/test-servers";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { classifyNatsError } from "../src/nats-error.ts";
import { NatsRequests } from "../src/nats-requests.ts";
import { NatsServers } from "./configured-servers.ts";
import type { ConfiguredServer } from "./configured-servers.ts";

const nats = testServer("nats");

/** Opens a store that must fail to open; returns the error. */
async function openError(url: string): Promise<CheckpointError> {
  try {
    const store = await openStore(url, { environment: {}, timeoutMs: 4_000, attemptTimeoutMs: 1_000 });
    await store.close();
  } catch (error) {
    if (!CheckpointError.is(error)) throw error;
    expect(inspect(error, { depth: 8, showHidden: true })).not.toContain("s3cret");
    return error;
  }
  throw new Error("the store was opened");
}

async function listen(server: Server): Promise<string> {
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("a store cannot be opened", () => {
  test("nothing listens there", async () => {
    const server = createServer();
    const address = await listen(server);
    server.close();
    await once(server, "close");
    const error = await openError(`nats://ann:s3cret@${address}/bucket`);
    expect(error).toMatchObject({ code: "unavailable", backend: "nats", operation: "check", retryable: true });
    expect(error.message).toContain(`${address}/bucket: nothing listens at this address (ECONNREFUSED)`);
  });

  test("there is no such host", async () => {
    const error = await openError("nats://ann:s3cret@no-such-host.invalid:4222/bucket");
    expect(error).toMatchObject({ code: "unavailable" });
    expect(error.message).toMatch(/no-such-host.invalid:4222.*(?:no such host|could not be looked up)/u);
  });

  test("a server of another kind answers", async () => {
    await using server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end("SSH-2.0-OpenSSH_9.9\r\n");
    });
    const error = await openError(`nats://${await listen(server)}/bucket`);
    expect(error).toMatchObject({ code: "unavailable", retryable: false });
    expect(error.message).toContain("is not a NATS server");
  });

  test("an HTTP server waits for a request that never comes", async () => {
    await using server = createHttpServer();
    const startedAt = performance.now();
    const error = await openError(`nats://${await listen(server)}/bucket`);
    expect(error).toMatchObject({ code: "timeout" });
    expect(performance.now() - startedAt).toBeLessThan(6_000);
    server.closeAllConnections();
  });

  test("a server accepts and never answers", async () => {
    const closed = Promise.withResolvers<void>();
    await using server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.resume().once("close", () => closed.resolve());
    });
    const startedAt = performance.now();
    const error = await openError(`nats://ann:s3cret@${await listen(server)}/bucket`);
    expect(error).toMatchObject({ code: "timeout", retryable: true });
    expect(performance.now() - startedAt).toBeLessThan(6_000);
    // The client leaves its socket behind here: https://github.com/nats-io/nats.js, `NodeTransport.close`.
    await closed.promise;
  });
});

describe.skipIf(nats.isMissing)("a store cannot be opened on a real server", () => {
  let servers: NatsServers;
  let withUsers: ConfiguredServer;

  beforeAll(async () => {
    servers = await NatsServers.open();
    withUsers = await servers.run(`
      jetstream { store_dir: "{data}" }
      accounts {
        A { jetstream: enabled, users: [
          { user: ann, password: s3cret }
          { user: reader, password: s3cret, permissions: {
            publish: [ "$JS.API.STREAM.INFO.KV_checkpoints", "$JS.API.STREAM.MSG.GET.KV_checkpoints" ], subscribe: [ "_INBOX.>" ] } }
          { user: deaf, password: s3cret, permissions: { subscribe: [ "_MINE.>" ] } }
          { user: nobody, password: s3cret, permissions: { publish: [ "other.>" ], subscribe: [ "_INBOX.>" ] } }
        ] }
        B { users: [ { user: bob, password: s3cret } ] }
      }`);
    const store = await openStore(`nats://ann:s3cret@${withUsers.address}/checkpoints`);
    await store.close();
  });

  afterAll(async () => {
    await servers?.[Symbol.asyncDispose]();
  });

  test("wrong password", async () => {
    const error = await openError(`nats://ann:s3cretwrong@${withUsers.address}/checkpoints`);
    expect(error).toMatchObject({ code: "permission-denied", retryable: false });
    expect(error.message).toContain("authorization violation");
  });

  test("no credentials where some are needed", async () => {
    expect(await openError(`nats://${withUsers.address}/checkpoints`)).toMatchObject({ code: "permission-denied" });
  });

  test("a user without any permission", async () => {
    const startedAt = performance.now();
    const error = await openError(`nats://nobody:s3cret@${withUsers.address}/checkpoints`);
    expect(error).toMatchObject({ code: "permission-denied", retryable: false });
    // Told by the server, not guessed from its silence.
    expect(performance.now() - startedAt).toBeLessThan(900);
  });

  test("a user who may have answers at other subjects only", async () => {
    const startedAt = performance.now();
    const url = `nats://deaf:s3cret@${withUsers.address}/checkpoints`;
    expect(await openError(url)).toMatchObject({ code: "permission-denied", retryable: false });
    expect(performance.now() - startedAt).toBeLessThan(900);
    const store = await openStore(`${url}?inboxPrefix=_MINE`);
    await store.put("key-of-the-deaf", new Uint8Array(3));
    await store.close();
  });

  test("and who knows nothing of a write whose answer is refused", async () => {
    const connection = await connect({ servers: withUsers.address, user: "deaf", pass: "s3cret" });
    onTestFinished(async () => await connection.close());
    const requests = new NatsRequests(connection, "_INBOX", 5_000);
    const { signal } = new AbortController();
    const writing = requests.request("$KV.checkpoints.unheard", "body", signal, undefined);
    const error = await writing.catch((thrown: unknown) => thrown);
    expect(classifyNatsError(error)).toMatchObject({ code: "permission-denied", outcome: "unknown" });
    await using reader = await openStore(`nats://ann:s3cret@${withUsers.address}/checkpoints`);
    await expect.poll(async () => (await reader.get("unheard"))?.body.byteLength).toBe(4);
  });

  test("a user who may read and not write", async () => {
    const store = await openStore(`nats://reader:s3cret@${withUsers.address}/checkpoints`);
    expect(await store.get("key")).toBeNull();
    await expect(store.put("key", new Uint8Array(3))).rejects.toMatchObject({
      code: "permission-denied",
      outcome: "not-applied",
    });
    await expect(Array.fromAsync(store.list())).rejects.toMatchObject({ code: "permission-denied" });
    await store.close();
  });

  test("an account without JetStream", async () => {
    const error = await openError(`nats://bob:s3cret@${withUsers.address}/checkpoints`);
    expect(error).toMatchObject({ code: "unsupported", retryable: false });
    expect(error.message).toMatch(/JetStream/u);
  });

  test("a server without JetStream", async () => {
    const plain = await servers.run("");
    const error = await openError(`nats://${plain.address}/checkpoints`);
    expect(error).toMatchObject({ code: "unsupported", retryable: false });
    expect(error.message).toContain("JetStream is not enabled");
    await plain.stop();
  });

  test("a bucket that is missing and not to be created", async () => {
    const error = await openError(`nats://ann:s3cret@${withUsers.address}/no-such-bucket?create=false`);
    expect(error).toMatchObject({ code: "not-found", retryable: false });
    expect(error.message).toContain("there is no bucket no-such-bucket");
  });

  test("a bucket that is missing and that the user may not create", async () => {
    const error = await openError(`nats://reader:s3cret@${withUsers.address}/no-such-bucket`);
    expect(error).toMatchObject({ code: "permission-denied" });
  });

  test("more replicas than servers", async () => {
    const error = await openError(`nats://ann:s3cret@${withUsers.address}/replicated?replicas=3`);
    expect(error).toMatchObject({ code: "invalid-argument", retryable: false });
    expect(error.message).toContain("replicas > 1 not supported in non-clustered mode");
  });

  test("a server that takes only tiny messages", async () => {
    const tiny = await servers.run('jetstream { store_dir: "{data}" }\nmax_payload: 4KB');
    const error = await openError(`nats://${tiny.address}/checkpoints`);
    expect(error).toMatchObject({ code: "unsupported" });
    expect(error.message).toContain("max_payload");
    await tiny.stop();
  });

  test("a credentials file that does not exist, or is none", async () => {
    const missing = await openError(`nats://${withUsers.address}/checkpoints?creds=/no/such/file.creds`);
    expect(missing).toMatchObject({ code: "invalid-argument" });
    expect(missing.message).toContain("/no/such/file.creds, which cannot be read (ENOENT)");
    const file = join(servers.directory, "wrong.creds");
    await writeFile(file, "s3cret");
    const wrong = await openError(`nats://${withUsers.address}/checkpoints?creds=${file}`);
    expect(wrong).toMatchObject({ code: "invalid-argument" });
    expect(wrong.message).toContain("holds no NATS user credentials");
  });

  test("credentials in place of the path of their file", async () => {
    const content = "-----BEGIN USER NKEY SEED-----\ns3cret\n------END USER NKEY SEED------\n";
    const error = await openError(`nats://${withUsers.address}/checkpoints?creds=${encodeURIComponent(content)}`);
    expect(error).toMatchObject({ code: "invalid-argument" });
    expect(error.message).toContain("holds credentials instead of the path of a file");
  });
});
