import { randomUUID } from "node:crypto";

import { CreateBucketCommand, PutBucketPolicyCommand, PutBucketVersioningCommand, S3Client } from "@aws-sdk/client-s3";
import { testServer } from "@holdpoint/test-servers";
import { Client } from "minio";

/** The tests' MinIO. */
export const minio = testServer("minio");

const url = new URL(minio.url);

export const credentials = { accessKeyId: url.username, secretAccessKey: url.password };
export const host = url.hostname;
export const port = Number(url.port);
export const endpoint = url.origin;

/** An AWS client of the test server, or of a proxy before it. */
export function awsClient(options: { endpoint?: string; maxAttempts?: number } = {}): S3Client {
  return new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials, maxAttempts: 1, ...options });
}

/** An AWS client that does not sign, as a user of whom the server knows only what everybody may do. */
export function anonymousAwsClient(to = endpoint): S3Client {
  return new S3Client({
    endpoint: to,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "none", secretAccessKey: "none" },
    signer: { sign: async (request) => request },
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
}

/** A minio client of the test server, or of a proxy before it. */
export function minioClient(options: { port?: number; anonymous?: boolean } = {}): Client {
  const keys = options.anonymous === true ? {} : { accessKey: url.username, secretKey: url.password };
  return new Client({ endPoint: host, port: options.port ?? port, useSSL: false, ...keys });
}

/** A bucket of one's own; `allow` lists what everybody may do with its objects. */
export async function createBucket(options: { allow?: readonly string[]; versioned?: boolean } = {}): Promise<string> {
  const Bucket = `holdpoint-${randomUUID()}`;
  const client = awsClient();
  await client.send(new CreateBucketCommand({ Bucket }));
  if (options.versioned === true) {
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  }
  if (options.allow !== undefined) {
    const Resource = [`arn:aws:s3:::${Bucket}/*`];
    const Statement = [{ Effect: "Allow", Principal: { AWS: ["*"] }, Action: options.allow, Resource }];
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  }
  client.destroy();
  return Bucket;
}
