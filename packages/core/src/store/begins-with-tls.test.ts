import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";

import { expect, onTestFinished, test } from "vitest";

import { beginsWithTls } from "./begins-with-tls.ts";

async function listen(server: Server): Promise<{ readonly host: string; readonly port: number }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

test.each([
  ["is not to be trusted", {}],
  ["comes with a demand for one of the client", { requestCert: true, rejectUnauthorized: true }],
])("a server whose certificate %s", async (_, options) => {
  const directory = mkdtempSync(join(tmpdir(), "holdpoint-test-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const request = "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=a -keyout key -out cert";
  execFileSync("openssl", request.split(" "), { cwd: directory, stdio: "ignore" });
  const [key, cert] = ["key", "cert"].map((name) => readFileSync(join(directory, name)));
  const server = createTlsServer({ ...options, key, cert }).on("tlsClientError", () => undefined);
  expect(await beginsWithTls(await listen(server))).toBe(true);
});

test.each([
  ["answers otherwise", createServer((socket) => socket.on("error", () => undefined).end("-ERR unknown command\r\n"))],
  ["hangs up", createServer((socket) => socket.destroy())],
  ["answers nothing", createServer((socket) => socket.on("error", () => undefined).resume())],
])("a server that %s", async (_, server) => {
  expect(await beginsWithTls(await listen(server))).toBe(false);
});

test("no server", async () => {
  const server = createServer();
  const address = await listen(server);
  server.close();
  await once(server, "close");
  expect(await beginsWithTls(address)).toBe(false);
});
