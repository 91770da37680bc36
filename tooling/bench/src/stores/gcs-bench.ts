import type { StorageOptions } from "@google-cloud/storage";
import { Storage } from "@google-cloud/storage";
import { openStore } from "@holdpoint/core";

import { holdpointName, limitName } from "../contestant.ts";
import type { PlainStore } from "../plain-store.ts";
import { holdpointStore } from "../plain-store.ts";
import { closeAll, startBenchServer } from "./bench-server.ts";
import type { BackendUnderTest } from "./bench-server.ts";

const bucketName = "holdpoint";

/** Cloud Storage on an emulator that keeps objects in memory. */
export async function openGcsBench(): Promise<BackendUnderTest> {
  const server = await startBenchServer("gcs");
  const environment = { STORAGE_EMULATOR_HOST: server.url };
  const asItComes: StorageOptions = { apiEndpoint: server.url, projectId: "holdpoint" };
  const asOurs: StorageOptions = { ...asItComes, retryOptions: { autoRetry: false } };
  // Made without the variable, which would have the SDK leave out a part of the path.
  Reflect.deleteProperty(process.env, "STORAGE_EMULATOR_HOST");
  const bareClients = [new Storage(asOurs), new Storage(asItComes)] as const;
  Object.assign(process.env, environment);
  const store = await openStore(`gs://${bucketName}/holdpoint`);
  const contestants = [
    createBareGcs(limitName, "", "bare", bareClients[0], { validation: "md5", resumable: false }),
    createBareGcs("bare, as it comes", "the SDK's own settings, with CRC32C checksums", "plain", bareClients[1], {
      // Left to itself, the SDK makes three requests of a write.
      resumable: false,
    }),
    holdpointStore(holdpointName, store),
  ];
  return {
    name: "gcs",
    server: server.origin,
    store,
    contestants,
    url: `gs://${bucketName}/child`,
    address: server.url,
    environment,
    [Symbol.asyncDispose]: async () => {
      await closeAll(contestants);
      await server[Symbol.asyncDispose]();
    },
  };
}

function createBareGcs(
  name: string,
  lacks: string,
  prefix: string,
  storage: Storage,
  settings: { readonly resumable: false; readonly validation?: "md5" },
): PlainStore {
  const bucket = storage.bucket(bucketName);
  const write = async (key: string, bytes: Uint8Array, ifGenerationMatch: number | string): Promise<string> => {
    const file = bucket.file(`${prefix}/${key}`);
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    await file.save(content, { ...settings, preconditionOpts: { ifGenerationMatch } });
    return String(file.metadata.generation);
  };
  return {
    name,
    lacks,
    create: (key, { bytes }) => write(key, bytes, 0),
    // The bytes alone; who wants to write under a condition later needs one more request.
    read: async (key) => {
      const { validation } = settings;
      const options = validation === undefined ? {} : { validation };
      const [content] = await bucket.file(`${prefix}/${key}`).download(options);
      return { content, version: "" };
    },
    update: (key, { bytes }, version) => write(key, bytes, version),
    remove: (key) => bucket.file(`${prefix}/${key}`).delete(),
    list: async (start) => (await bucket.getFiles({ prefix: `${prefix}/${start}` }))[0].length,
    close: async () => undefined,
  };
}
