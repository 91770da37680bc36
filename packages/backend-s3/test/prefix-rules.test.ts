import { PutObjectCommand } from "@aws-sdk/client-s3";
import { openStore } from "@holdpoint/core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { awsClient, createBucket, credentials, endpoint, host, minio, port } from "./test-server.ts";

const urls = {
  s3: (bucket: string) => `s3://${bucket}?endpoint=${endpoint}&region=us-east-1`,
  minio: (bucket: string) => `minio://${host}:${port}/${bucket}?tls=false`,
};

function environmentWith(prefix: string): Readonly<Record<string, string>> {
  return {
    MINIO_ACCESS_KEY: credentials.accessKeyId,
    MINIO_SECRET_KEY: credentials.secretAccessKey,
    STATE_PREFIX: prefix,
  };
}

// The AWS SDK looks into the process's own environment.
beforeAll(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", credentials.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", credentials.secretAccessKey);
});
afterAll(() => void vi.unstubAllEnvs());

describe.skipIf(minio.isMissing).each(["s3", "minio"] as const)("a state proxy's rules for prefixes, %s", (name) => {
  test.each([
    ["with a prefix", "crew", "crew/"],
    ["without one", "", ""],
  ])("what its connector has written %s is found and replaced", async (_form, prefix, namesBegin) => {
    const bucket = await createBucket();
    const client = awsClient();
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: `${namesBegin}paused/t.json`, Body: "{}" }));
    client.destroy();
    const url = urls[name](bucket);
    await using store = await openStore(`${url}&prefixRules=state-proxy`, { environment: environmentWith(prefix) });
    const found = await store.get("paused/t.json");
    expect(found?.body).toEqual(new TextEncoder().encode("{}"));
    expect(await Array.fromAsync(store.list({ prefix: "paused/" }), ({ key }) => key)).toEqual(["paused/t.json"]);
    const { version } = await store.put("paused/t.json", new Uint8Array(1), { ifVersion: found?.version });
    // By our own rules it is the same place, as long as the prefix does not end in a slash.
    await using ours = await openStore(url, { environment: environmentWith(prefix) });
    expect(await ours.get("paused/t.json")).toMatchObject({ version });
  });

  test("a prefix that ends in a slash gets another, which this server refuses in a name", async () => {
    const url = `${urls[name](await createBucket())}&prefixRules=state-proxy`;
    await expect(openStore(url, { environment: environmentWith("team/") })).rejects.toMatchObject({
      message: expect.stringContaining("InvalidObjectName"),
    });
  });
});
