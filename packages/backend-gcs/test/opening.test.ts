import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { Storage } from "@google-cloud/storage";
import { CheckpointError, openStore } from "@holdpoint/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { gcs, ensureBucket, putObject } from "./test-server.ts";
import { startTcpServer } from "./tcp-server.ts";

const bucket = "holdpoint-open";

async function problemOf(url: string): Promise<CheckpointError> {
  const startedAt = performance.now();
  try {
    const store = await openStore(url, { environment: {}, timeoutMs: 3000, attemptTimeoutMs: 1000 });
    await store.close();
  } catch (error) {
    expect(performance.now() - startedAt).toBeLessThan(4000);
    if (CheckpointError.is(error)) return error;
    throw error;
  }
  throw new Error("the store was opened");
}

describe("a store that cannot be opened says why", () => {
  test("the host is unknown", async () => {
    const problem = await problemOf("gs://asya?endpoint=http://nowhere.invalid");
    expect(problem).toMatchObject({ code: "unavailable", backend: "gcs" });
    expect(problem.message).toMatch(/nowhere\.invalid.*(no such host|looked up).*Check the spelling/);
  });

  test("the connection is refused", async () => {
    const silent = await startTcpServer();
    await silent[Symbol.asyncDispose]();
    const problem = await problemOf(`gs://asya?endpoint=http://${silent.host}`);
    expect(problem).toMatchObject({ code: "unavailable", retryable: true });
    expect(problem.message).toContain(silent.host);
    expect(problem.message).toContain("nothing listens");
  });

  test("the server never answers", async () => {
    await using silent = await startTcpServer();
    expect(await problemOf(`gs://asya?endpoint=http://${silent.host}`)).toMatchObject({ code: "timeout" });
  });

  test("what answers does not speak HTTP", async () => {
    await using stranger = await startTcpServer("-ERR unknown command\r\n");
    const problem = await problemOf(`gs://asya?endpoint=http://${stranger.host}`);
    expect(problem).toMatchObject({ code: "unavailable", retryable: false });
    expect(problem.message).toContain("not an HTTP server");
    expect(stranger.received()).toBe(1);
  });

  test("what answers does not speak TLS", async () => {
    await using stranger = await startTcpServer("HTTP/1.1 400 Bad Request\r\n\r\n");
    const problem = await problemOf(`gs://asya?endpoint=https://${stranger.host}`);
    expect(problem).toMatchObject({ code: "unavailable", retryable: false });
    expect(problem.message).toContain("TLS");
  });

  test.each([
    [200, "<html>welcome</html>", "unavailable", "no Cloud Storage server"],
    [200, "{}", "unavailable", "no Cloud Storage server"],
    [302, "", "unavailable", "status 302"],
    [401, "", "permission-denied", "access was denied (status 401)"],
    [
      404,
      "<html>not here</html>",
      "not-found",
      "Check the bucket's name, and that a Cloud Storage server is at this address",
    ],
    [405, "no", "unavailable", "status 405: no"],
  ])("what answers is another web server: %i %s", async (status, body, code, words) => {
    let requests = 0;
    const server = createServer((request, response) => {
      requests += 1;
      request.resume();
      response.writeHead(status, { location: "http://127.0.0.1:1/" }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const problem = await problemOf(`gs://asya?endpoint=http://127.0.0.1:${port}`);
    expect(problem.code).toBe(code);
    expect(problem.message).toContain(words);
    expect(requests).toBe(1);
    server.closeAllConnections();
    server.close();
  });

  test.each([
    ["gs://asya?bukket=1", "there is no option"],
    ["gs://Asya", "not the name of a bucket"],
    ["gs://asya?endpoint=http://user:hunter2@127.0.0.1", "the endpoint"],
    ["gs://asya?timeoutMs=0", "timeoutMs"],
  ])("the URL %s is wrong", async (url, words) => {
    const problem = await openStore(url, { environment: {} }).catch((error: unknown) => error);
    expect(problem).toMatchObject({ code: "invalid-argument" });
    expect(String(problem)).toContain(words);
    expect(String(problem)).not.toContain("hunter2");
  });

  test("client and endpoint are given both", async () => {
    const options = { backend: "gcs", bucket, client: new Storage(), endpoint: "http://127.0.0.1:1" } as const;
    await expect(openStore(options)).rejects.toMatchObject({ code: "invalid-argument" });
  });

  describe.skipIf(gcs.isMissing)("on a real server", () => {
    test("the bucket is missing", async ({ skip }) => {
      const { ok } = await putObject("holdpoint-nobody-made-this", "a", new Uint8Array());
      if (ok) return skip("this server makes buckets by itself");
      const problem = await problemOf(`gs://holdpoint-nobody-made-this?endpoint=${gcs.url}`);
      expect(problem).toMatchObject({ code: "not-found" });
      expect(problem.message).toMatch(/gs:\/\/holdpoint-nobody-made-this\/\?endpoint=http.*bucket does not exist/);
    });
  });
});

describe("in a process of its own", () => {
  let home = "";
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "holdpoint-gcs-"));
    if (!gcs.isMissing) await ensureBucket(bucket);
  });
  afterAll(async () => {
    await rm(home, { recursive: true, force: true });
  });

  /** Opens a store where no credentials are, and tells how; the process must end by itself. */
  async function open(url: string, environment: Record<string, string>): Promise<string> {
    const script = join(import.meta.dirname, "open-and-close.ts");
    const { NODE_OPTIONS = "", PATH = "" } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, [script, url], {
      env: { NODE_OPTIONS, PATH, HOME: home, CLOUDSDK_CONFIG: home, ...environment },
      timeout: 20_000,
    });
    return stdout;
  }

  test("no credentials are found", async () => {
    const problem = await open("gs://asya", { METADATA_SERVER_DETECTION: "none", GCE_METADATA_HOST: "127.0.0.1:1" });
    expect(problem).toMatch(
      /^permission-denied: .*no credentials could be had.*GOOGLE_APPLICATION_CREDENTIALS.*STORAGE_EMULATOR_HOST/,
    );
  });

  test("the metadata server never answers", async () => {
    await using silent = await startTcpServer();
    const problem = await open("gs://asya", { GCE_METADATA_HOST: silent.host });
    expect(problem).toMatch(/^(permission-denied|timeout|unavailable): /);
  });

  test("the credential file is broken, and is not quoted", async () => {
    const file = join(home, "credentials.json");
    await writeFile(file, "-----BEGIN PRIVATE KEY-----hunter2");
    const problem = await open("gs://asya", { GOOGLE_APPLICATION_CREDENTIALS: file, GCS_PROJECT: "p-1" });
    expect(problem).toMatch(/^permission-denied: .*the credential file is not JSON/);
    expect(problem).not.toMatch(/hunter2|BEGIN PRIVATE/);
  });

  test("the credential file is missing", async () => {
    const problem = await open("gs://asya", {
      GOOGLE_APPLICATION_CREDENTIALS: join(home, "nobody"),
      GCS_PROJECT: "p-1",
    });
    expect(problem).toMatch(/^permission-denied: .*nobody does not exist/);
  });

  test.skipIf(gcs.isMissing)("nothing keeps the process after close", async () => {
    expect(await open(`gs://${bucket}/exit?endpoint=${gcs.url}`, {})).toBe("opened and closed\n");
  });
});
