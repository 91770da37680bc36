import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";

import { Storage } from "@google-cloud/storage";
import { CheckpointError } from "@holdpoint/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { createGcsStore } from "../src/index.ts";
import { gcs, ensureBucket } from "./test-server.ts";
import { startHttpProxy } from "./http-proxy.ts";

const bucket = "holdpoint-credentials";
const token = "hunter2-access-token";

/** A workload identity whose tokens come from a server on this machine, as in a federation with another cloud. */
async function createIdentity(directory: string, tokenUrl: string): Promise<string> {
  const subjectFile = join(directory, "subject");
  await writeFile(subjectFile, "hunter2-subject");
  const file = join(directory, "credentials.json");
  const identity = {
    type: "external_account",
    audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: tokenUrl,
    credential_source: { file: subjectFile },
  };
  await writeFile(file, JSON.stringify(identity));
  return file;
}

describe.skipIf(gcs.isMissing)("with a workload identity", () => {
  let directory = "";
  let tokenStatus = 200;
  const tokenServer = createServer((request, response) => {
    request.resume();
    response.writeHead(tokenStatus, { "content-type": "application/json" });
    response.end(
      tokenStatus === 200
        ? JSON.stringify({ access_token: token, token_type: "Bearer", expires_in: 3600, issued_token_type: "t" })
        : JSON.stringify({ error: "invalid_grant", error_description: "hunter2-subject is not known" }),
    );
  });

  beforeEach(async () => {
    await ensureBucket(bucket);
    directory = await mkdtemp(join(tmpdir(), "holdpoint-gcs-"));
    tokenServer.listen(0, "127.0.0.1");
    await once(tokenServer, "listening");
    const address = tokenServer.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const file = await createIdentity(directory, `http://127.0.0.1:${port}/token`);
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", file);
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    tokenServer.closeAllConnections();
    tokenServer.close();
    await rm(directory, { recursive: true, force: true });
  });

  function clientAt(apiEndpoint: string): Storage {
    return new Storage({ apiEndpoint, projectId: "p-1", useAuthWithCustomEndpoint: true });
  }

  async function problemOf(client: Storage): Promise<CheckpointError> {
    const opening = createGcsStore({ bucket, client, maxAttempts: 1 });
    const problem: unknown = await opening.then(
      () => new Error("the store was opened"),
      (error: unknown) => error,
    );
    if (CheckpointError.is(problem)) return problem;
    throw problem;
  }

  test("requests carry the token that the SDK has got", async () => {
    tokenStatus = 200;
    const seen = new Set<string | undefined>();
    await using proxy = await startHttpProxy(gcs.url, {
      cut: (request: IncomingMessage) => {
        seen.add(request.headers.authorization);
        return false;
      },
    });
    await using store = await createGcsStore({ bucket, client: clientAt(proxy.url) });
    await store.put("a", new Uint8Array([1]));
    expect([...seen]).toEqual([`Bearer ${token}`]);
  });

  test.each([
    [400, "permission-denied", false],
    [503, "unavailable", true],
  ])("a token server that answers %i is %s", async (status, code, retryable) => {
    tokenStatus = status;
    const problem = await problemOf(clientAt(gcs.url));
    expect(problem).toMatchObject({ code, retryable });
    expect(problem.message).toContain(`the token server answered with status ${status}`);
    expect(inspect(problem, { depth: 20 })).not.toContain("hunter2");
  });

  test("a token server that is not there is unavailable", async () => {
    tokenServer.closeAllConnections();
    tokenServer.close();
    const problem = await problemOf(clientAt(gcs.url));
    expect(problem).toMatchObject({ code: "unavailable", retryable: true });
    expect(problem.message).toContain("the token server could not be reached (ECONNREFUSED)");
  });

  test("an emulator is not sent credentials", async () => {
    tokenStatus = 503;
    await using store = await createGcsStore({
      bucket,
      ...(gcs.isMissing ? {} : { endpoint: gcs.url }),
    });
    expect(store.backend).toBe("gcs");
  });
});
