import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, TLSSocket } from "node:tls";

import { expect, onTestFinished, test } from "vitest";
import type { TestContext } from "vitest";

import { createPostgresStore } from "../src/index.ts";
import { parsePostgresUrl } from "../src/postgres-options.ts";
import { selfSigned, switchOnTls } from "./server-certificate.ts";
import { inspector, ownServer, postgres } from "./test-server.ts";

interface SecureServer extends AsyncDisposable {
  readonly url: URL;
  readonly directory: string;
}

async function secureServer(context: TestContext): Promise<SecureServer> {
  const server = await ownServer(context);
  const directory = await mkdtemp(join(tmpdir(), "postgres-tls-test-"));
  onTestFinished(async () => await rm(directory, { recursive: true }));
  await using admin = await inspector(server.url);
  await switchOnTls(admin, await selfSigned(directory));
  await expect.poll(async () => (await admin.query("SHOW ssl")).rows).toEqual([{ ssl: "on" }]);
  return { url: new URL(server.url), directory, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function withSearch(url: URL, search: Readonly<Record<string, string>>, port = url.port): URL {
  const result = new URL(url);
  result.port = port;
  for (const [name, value] of Object.entries(search)) result.searchParams.set(name, value);
  return result;
}

async function putThrough(url: URL): Promise<void> {
  await using store = await createPostgresStore({ ...parsePostgresUrl(url, {}), maxAttempts: 1 });
  await store.put("key", new Uint8Array(1));
}

const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Somebody in between who has a certificate of their own, and passes on what they read. */
async function eavesdropper(target: URL, directory: string): Promise<string> {
  const { key, certificate } = await selfSigned(directory, "eavesdropper");
  const [keyText, certificateText] = await Promise.all([readFile(key, "utf8"), readFile(certificate, "utf8")]);
  const proxy = createServer((client) => void passOn(client, target, { key: keyText, cert: certificateText }));
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => void proxy.close());
  return String((proxy.address() as AddressInfo).port);
}

async function passOn(
  client: Socket,
  target: URL,
  own: { readonly key: string; readonly cert: string },
): Promise<void> {
  const server = connect(Number(target.port), target.hostname);
  client.on("error", () => server.destroy());
  server.on("error", () => client.destroy());
  await once(client, "data");
  server.write(sslRequest);
  await once(server, "data");
  client.write("S");
  const secureClient = new TLSSocket(client, { isServer: true, ...own });
  const secureServerSide = connectTls({ socket: server, rejectUnauthorized: false });
  secureClient.on("error", () => secureServerSide.destroy());
  secureServerSide.on("error", () => secureClient.destroy());
  secureClient.pipe(secureServerSide).pipe(secureClient);
}

test.skipIf(postgres.isMissing)("certificates and bound passwords", { timeout: 60_000 }, async (context) => {
  await using server = await secureServer(context);
  const sslrootcert = join(server.directory, "server.pem");

  await putThrough(withSearch(server.url, { sslmode: "verify-full", sslrootcert }));
  await putThrough(withSearch(server.url, { sslmode: "verify-full", sslrootcert, channel_binding: "require" }));
  await putThrough(withSearch(server.url, { sslmode: "require", channel_binding: "require" }));
  await expect(putThrough(withSearch(server.url, { sslmode: "verify-full" }))).rejects.toMatchObject({
    code: "unavailable",
    retryable: false,
    message: expect.stringMatching(/not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)[^]*sslrootcert/u) as string,
  });
  await expect(
    putThrough(withSearch(server.url, { sslmode: "disable", channel_binding: "require" })),
  ).rejects.toMatchObject({ code: "permission-denied" });

  const port = await eavesdropper(server.url, server.directory);
  // What PostgreSQL's own programs do as well: with sslmode=require nobody looks at the certificate.
  await putThrough(withSearch(server.url, { sslmode: "require", channel_binding: "disable" }, port));
  await expect(
    putThrough(withSearch(server.url, { sslmode: "require", channel_binding: "require" }, port)),
  ).rejects.toMatchObject({ code: "permission-denied", retryable: false });
  await expect(putThrough(withSearch(server.url, { sslmode: "verify-full", sslrootcert }, port))).rejects.toMatchObject(
    { code: "unavailable", message: expect.stringContaining("not trusted") as string },
  );
});
