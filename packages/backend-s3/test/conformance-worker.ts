import { BucketAlreadyOwnedByYou, CreateBucketCommand } from "@aws-sdk/client-s3";
import type { OpenWorkerStore } from "@holdpoint/conformance";
import type { CheckpointStore, StoreOptions } from "@holdpoint/core";

import { awsClient } from "./test-server.ts";
import { clients } from "./two-clients.ts";

/** One way to keep the suite's namespaces apart. */
export interface Layout {
  readonly client: keyof typeof clients;
  /** What every bucket's name begins with. */
  readonly bucket: string;
  /** A namespace is a bucket of its own, or a path in one bucket, of ours or as a connector of a state proxy has it. */
  readonly namespaceIs: "bucket" | "prefix" | "connector's prefix";
}

/** Opens the store of a namespace, in this process or another. */
export async function openNamespace(
  namespace: string,
  layout: Layout,
  options: StoreOptions = {},
): Promise<CheckpointStore> {
  const { open } = clients[layout.client];
  if (layout.namespaceIs === "prefix")
    return await open({ ...options, bucket: layout.bucket, prefix: `team-a/${namespace}` });
  if (layout.namespaceIs === "connector's prefix")
    return await open({
      ...options,
      bucket: layout.bucket,
      prefix: `team-a/${namespace}`,
      prefixRules: "state-proxy",
    });
  const bucket = `${layout.bucket}-${namespace}`;
  await ensureBucket(bucket);
  return await open({ ...options, bucket });
}

export const openStore: OpenWorkerStore = (namespace, argument) => openNamespace(namespace, argument as Layout);

/** Creates a bucket unless it exists. */
export async function ensureBucket(bucket: string): Promise<void> {
  const client = awsClient();
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
  } finally {
    client.destroy();
  }
}
