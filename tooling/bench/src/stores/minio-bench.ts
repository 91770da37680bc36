import { Agent } from "node:http";
import { buffer } from "node:stream/consumers";

import { openStore } from "@holdpoint/core";
import { Client } from "minio";
import type { ClientOptions } from "minio";

import { holdpointName, limitName } from "../contestant.ts";
import type { PlainStore } from "../plain-store.ts";
import { holdpointStore } from "../plain-store.ts";
import { closeAll, startBenchServer } from "./bench-server.ts";
import type { BackendUnderTest } from "./bench-server.ts";

const bucket = "holdpoint";

/** MinIO through its own client. */
export async function openMinioBench(): Promise<BackendUnderTest> {
  const server = await startBenchServer("minio");
  const { host, hostname, port, username, password } = new URL(server.url);
  const environment = { MINIO_ACCESS_KEY: username, MINIO_SECRET_KEY: password };
  Object.assign(process.env, environment);
  const url = (prefix: string): string => `minio://${host}/${bucket}/${prefix}?tls=false`;
  const store = await openStore(url("holdpoint"));
  const asItComes: ClientOptions = {
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: username,
    secretKey: password,
  };
  const agent = new Agent({ keepAlive: true });
  const asOurs: ClientOptions = {
    ...asItComes,
    region: "us-east-1",
    transportAgent: agent,
    retryOptions: { disableRetry: true },
  };
  const contestants = [
    createBareMinio(limitName, "", "bare", new Client(asOurs), () => agent.destroy()),
    createBareMinio("bare, as it comes", "the SDK's own settings", "plain", new Client(asItComes), () => undefined),
    holdpointStore(holdpointName, store),
  ];
  return {
    name: "minio",
    server: server.origin,
    store,
    contestants,
    url: url("child"),
    address: server.url,
    environment,
    [Symbol.asyncDispose]: async () => {
      await closeAll(contestants);
      await server[Symbol.asyncDispose]();
    },
  };
}

function createBareMinio(name: string, lacks: string, prefix: string, client: Client, close: () => void): PlainStore {
  const nameOf = (key: string): string => `${prefix}/${key}`;
  const write = async (key: string, bytes: Uint8Array, headers: Record<string, string>): Promise<string> => {
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return (await client.putObject(bucket, nameOf(key), content, content.length, headers)).etag;
  };
  return {
    name,
    lacks,
    create: (key, { bytes }) => write(key, bytes, { "if-none-match": "*" }),
    // Its answer has no version; who wants to write under a condition later needs one more request.
    read: async (key) => ({ content: await buffer(await client.getObject(bucket, nameOf(key))), version: "" }),
    update: (key, { bytes }, version) => write(key, bytes, { "if-match": `"${version}"` }),
    remove: (key) => client.removeObject(bucket, nameOf(key)),
    list: async (start) => {
      let count = 0;
      for await (const _ of client.listObjectsV2(bucket, nameOf(start), true)) count += 1;
      return count;
    },
    close: async () => close(),
  };
}
