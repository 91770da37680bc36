import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { openStore } from "@holdpoint/core";
import { createStorage } from "unstorage";
import s3Driver from "unstorage/drivers/s3";

import { holdpointName, limitName } from "../contestant.ts";
import type { PlainStore } from "../plain-store.ts";
import { holdpointStore } from "../plain-store.ts";
import { closeAll, startBenchServer } from "./bench-server.ts";
import type { BackendUnderTest } from "./bench-server.ts";

const bucket = "holdpoint";

/** S3 on MinIO, beside the AWS SDK and unstorage. */
export async function openS3Bench(): Promise<BackendUnderTest> {
  const server = await startBenchServer("minio");
  const { host, username, password } = new URL(server.url);
  const endpoint = `http://${host}`;
  const environment = { AWS_ACCESS_KEY_ID: username, AWS_SECRET_ACCESS_KEY: password };
  Object.assign(process.env, environment);
  const url = (prefix: string): string => `s3://${bucket}/${prefix}?endpoint=${endpoint}&region=us-east-1`;
  const store = await openStore(url("holdpoint"));
  const asItComes: S3ClientConfig = {
    endpoint,
    forcePathStyle: true,
    region: "us-east-1",
    credentials: { accessKeyId: username, secretAccessKey: password },
  };
  const asOurs: S3ClientConfig = {
    ...asItComes,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  };
  const contestants = [
    createBareS3(limitName, "", "bare", new S3Client(asOurs)),
    createBareS3("bare, as it comes", "the SDK's own settings, with CRC32 checksums", "plain", new S3Client(asItComes)),
    holdpointStore(holdpointName, store),
    createUnstorageS3(endpoint, username, password),
  ];
  return {
    name: "s3",
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

function createBareS3(name: string, lacks: string, prefix: string, client: S3Client): PlainStore {
  const place = (key: string): { readonly Bucket: string; readonly Key: string } => ({
    Bucket: bucket,
    Key: `${prefix}/${key}`,
  });
  return {
    name,
    lacks,
    create: async (key, { bytes }) => {
      const { ETag = "" } = await client.send(new PutObjectCommand({ ...place(key), Body: bytes, IfNoneMatch: "*" }));
      return ETag;
    },
    read: async (key) => {
      const { Body, ETag = "" } = await client.send(new GetObjectCommand(place(key)));
      return { content: (await Body?.transformToByteArray()) ?? "", version: ETag };
    },
    update: (key, { bytes }, version) =>
      client.send(new PutObjectCommand({ ...place(key), Body: bytes, IfMatch: version })),
    remove: (key) => client.send(new DeleteObjectCommand(place(key))),
    list: async (start) => {
      let count = 0;
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/${start}`, ContinuationToken: token }),
        );
        count += page.Contents?.length ?? 0;
        token = page.NextContinuationToken;
      } while (token !== undefined);
      return count;
    },
    close: async () => client.destroy(),
  };
}

function createUnstorageS3(endpoint: string, accessKeyId: string, secretAccessKey: string): PlainStore {
  const storage = createStorage({
    driver: s3Driver({ endpoint, bucket, region: "us-east-1", accessKeyId, secretAccessKey }),
  });
  const write = async (key: string, bytes: Uint8Array): Promise<string> => {
    await storage.setItemRaw(`unstorage/${key}`, bytes);
    return "";
  };
  return {
    name: "unstorage",
    lacks: "no condition, no version, the body is not signed",
    create: (key, { bytes }) => write(key, bytes),
    read: async (key) => {
      const buffer = await storage.getItemRaw<ArrayBuffer>(`unstorage/${key}`);
      return { content: buffer === null ? "" : new Uint8Array(buffer), version: "" };
    },
    update: (key, { bytes }) => write(key, bytes),
    remove: (key) => storage.removeItem(`unstorage/${key}`),
    close: () => storage.dispose(),
  };
}
