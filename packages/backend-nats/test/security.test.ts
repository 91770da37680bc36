import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { CheckpointError, openStore } from "@holdpoint/core";
import { connect } from "@nats-io/transport-node";
import { testServer } from "@holdpoint/test-servers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { createOperator } from "./nats-operator.ts";
import { NatsServers } from "./configured-servers.ts";
import type { ConfiguredServer } from "./configured-servers.ts";

const nats = testServer("nats");
const run = promisify(execFile);
const hasOpenssl = await run("openssl", ["version"]).then(
  () => true,
  () => false,
);

const body = new Uint8Array([1]);

/** Writes and reads one value; returns what was read. */
async function roundTrip(url: string): Promise<Uint8Array | undefined> {
  await using store = await openStore(url, { environment: {} });
  await store.put("key", body);
  return (await store.get("key"))?.body;
}

async function openError(url: string): Promise<unknown> {
  const error: unknown = await roundTrip(url).catch((problem: unknown) => problem);
  expect(CheckpointError.is(error)).toBe(true);
  return error;
}

describe.skipIf(nats.isMissing || !hasOpenssl)("TLS", () => {
  let servers: NatsServers;
  let secure: ConfiguredServer;
  let mutual: ConfiguredServer;
  let first: ConfiguredServer;
  let certificate: string;
  let key: string;

  beforeAll(async () => {
    servers = await NatsServers.open();
    [certificate, key] = [join(servers.directory, "cert.pem"), join(servers.directory, "key.pem")];
    const selfSigned = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=nats.test";
    const names = ["-addext", "subjectAltName=IP:127.0.0.1"];
    await run("openssl", [...selfSigned.split(" "), ...names, "-keyout", key, "-out", certificate]);
    const files = `cert_file: "${certificate}", key_file: "${key}"`;
    const jetstream = 'jetstream { store_dir: "{data}" }';
    secure = await servers.run(`${jetstream}\ntls { ${files} }`);
    mutual = await servers.run(`${jetstream}\ntls { ${files}, ca_file: "${certificate}", verify: true }`);
    first = await servers.run(`${jetstream}\ntls { ${files}, handshake_first: true }`);
  });

  afterAll(async () => {
    await servers?.[Symbol.asyncDispose]();
  });

  test("is used where the server wants it, with a certificate to trust", async () => {
    expect(await roundTrip(`nats://${secure.address}/checkpoints?tlsCa=${certificate}`)).toEqual(body);
  });

  test("fails with the certificate of another server", async () => {
    const { port } = new URL(`nats://${secure.address}`);
    const error = await openError(`nats://localhost:${port}/checkpoints?tlsCa=${certificate}`);
    expect(error).toMatchObject({ code: "unavailable", retryable: false });
    expect((error as Error).message).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
  });

  test("is used with a certificate of the client", async () => {
    expect(
      await roundTrip(`nats://${mutual.address}/checkpoints?tlsCa=${certificate}&tlsCert=${certificate}&tlsKey=${key}`),
    ).toEqual(body);
    // The server says nothing, it only leaves: https://datatracker.ietf.org/doc/html/rfc8446#section-4.4.2.4
    const without = `tlsCa=${certificate}&maxAttempts=1&attemptTimeoutMs=1000`;
    const error = await openError(`nats://${mutual.address}/checkpoints?${without}`);
    expect(error).toMatchObject({ code: "timeout" });
  });

  test("is used before anything else where the server wants that", async () => {
    expect(await roundTrip(`nats://${first.address}/checkpoints?tlsCa=${certificate}&tlsFirst=true`)).toEqual(body);
  });

  test("fails with a certificate that nobody trusts", async () => {
    const error = await openError(`nats://${secure.address}/checkpoints`);
    expect(error).toMatchObject({ code: "unavailable", retryable: false });
    expect((error as Error).message).toMatch(
      /certificate is not trusted \(.*SELF_SIGNED.*\).*NODE_EXTRA_CA_CERTS.*tlsCa/u,
    );
  });

  test("fails where it is forbidden and demanded", async () => {
    const error = await openError(`nats://${secure.address}/checkpoints?tls=false`);
    expect(error).toMatchObject({ code: "unavailable", retryable: false });
    expect((error as Error).message).toMatch(/demands TLS.*Leave out tls=false/u);
  });

  test("fails where it is insisted on and not offered", async () => {
    const plain = await servers.run('jetstream { store_dir: "{data}" }');
    const error = await openError(`nats://${plain.address}/checkpoints?tls=true`);
    expect(error).toMatchObject({ code: "unavailable", retryable: false });
    expect((error as Error).message).toContain("TLS");
  });
});

describe.skipIf(nats.isMissing)("a .creds file", () => {
  test("lets its user in, and is read again for each connection", async () => {
    await using servers = await NatsServers.open();
    const operator = createOperator();
    const server = await servers.run(`${operator.configuration}\njetstream { store_dir: "{data}" }`);
    const file = join(servers.directory, "user.creds");
    await writeFile(file, operator.userCredentials());
    expect(await roundTrip(`nats://${server.address}/checkpoints?creds=${file}`)).toEqual(body);

    await using store = await openStore("nats:///", {
      environment: { NATS_URL: server.address, NATS_KV_BUCKET: "checkpoints", NATS_CREDS_FILE: file },
    });
    await server.stop();
    await writeFile(file, operator.userCredentials());
    await server.start();
    expect((await store.get("key"))?.body).toEqual(body);

    await writeFile(file, createOperator().userCredentials());
    const error = await openError(`nats://${server.address}/checkpoints?creds=${file}`);
    expect(error).toMatchObject({ code: "permission-denied", retryable: false });
  });
});

describe.skipIf(nats.isMissing)("permissions", () => {
  test("that the README lists are enough for everything", async () => {
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    const section = readme.slice(readme.indexOf("## Permissions it needs"));
    const listed = Array.from(
      section.matchAll(/^\| `(?<subject>[$_][^`]+)`/gmu),
      (row) => row.groups?.["subject"] ?? "",
    );
    const subjects = listed.map((subject) => `"${subject.replaceAll("BUCKET", "checkpoints")}"`);
    const publish = subjects.filter((subject) => !subject.startsWith('"_INBOX'));
    expect(publish.length).toBeGreaterThan(10);

    await using servers = await NatsServers.open();
    const server = await servers.run(`
      jetstream { store_dir: "{data}" }
      authorization { users: [ { user: ann, password: pw, permissions: {
        publish: [ ${publish.join(", ")} ], subscribe: [ "_INBOX.>" ] } } ] }`);
    await using store = await openStore(`nats://ann:pw@${server.address}/checkpoints`, { environment: {} });
    const large = await store.put("large", new Uint8Array(2_000_000));
    expect((await store.get("large"))?.body.byteLength).toBe(2_000_000);
    await store.put("large", body, { ifVersion: large.version, ttlMs: 60_000 });
    expect(await Array.fromAsync(store.list())).toHaveLength(1);
    expect(await store.delete("large")).toBe(true);
    await store.check();
    // The body that was replaced could be removed as well.
    const connection = await connect({ servers: server.address, user: "ann", pass: "pw" });
    await vi.waitUntil(async () => {
      const answer = await connection.request("$JS.API.STREAM.INFO.OBJ_checkpoints-bodies");
      return answer.json<{ state: { messages: number } }>().state.messages === 0;
    });
    await connection.close();
  });
});
