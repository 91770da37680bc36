import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { openStore } from "@holdpoint/core";
import { expect, test } from "vitest";

import { freePort } from "./free-port.ts";
import { ownServer } from "./test-server.ts";

const run = promisify(execFile);

test("TLS with a private authority and with certificates of the clients", async (context) => {
  await using server = await ownServer(context);
  const directory = await mkdtemp(join(tmpdir(), "holdpoint-tls-"));
  context.onTestFinished(() => rm(directory, { recursive: true }));
  const file = (name: string): string => join(directory, name);
  const request = ["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"];
  const name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  try {
    await run("openssl", [...request, ...name, "-keyout", file("key.pem"), "-out", file("certificate.pem")]);
  } catch (error) {
    context.skip(`the certificates of this test need openssl (${(error as NodeJS.ErrnoException).code})`);
  }
  const port = await freePort();
  const settings = {
    "tls-cert-file": "certificate.pem",
    "tls-key-file": "key.pem",
    "tls-ca-cert-file": "certificate.pem",
  };
  for (const [setting, value] of Object.entries(settings)) {
    await server.admin.config("SET", setting, file(value)).catch(() => undefined);
  }
  // A server that was built without TLS ends at this.
  const speaksTls = await server.admin.config("SET", "tls-port", port).then(Boolean, () => false);
  if (!speaksTls) context.skip("this server was built without TLS");

  const files = new URLSearchParams({
    tlsCaFile: file("certificate.pem"),
    tlsCertFile: file("certificate.pem"),
    tlsKeyFile: file("key.pem"),
  });
  await using store = await openStore(`rediss://127.0.0.1:${port}?${files.toString()}`);
  await store.put("a", new Uint8Array(1));
  expect(await store.get("a")).toMatchObject({ body: new Uint8Array(1) });
  expect(store.location).toBe(`rediss://127.0.0.1:${port}/0?prefix=holdpoint:`);

  // Nobody vouches for the server.
  await expect(openStore(`rediss://127.0.0.1:${port}`)).rejects.toMatchObject({
    code: "unavailable",
    retryable: false,
    message: expect.stringContaining("tlsCaFile"),
  });
  // Nobody vouches for the client.
  files.delete("tlsCertFile");
  files.delete("tlsKeyFile");
  await expect(openStore(`rediss://127.0.0.1:${port}?${files.toString()}`)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("tlsCertFile"),
  });
  // The port that speaks TLS, without it.
  await expect(openStore(`redis://127.0.0.1:${port}`)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("rediss:"),
  });
});
