import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { startServer } from "@holdpoint/test-servers";

import { storeUrls } from "../../servers/src/store-urls.ts";
import type { ServerUsage } from "./server-usage.ts";
import { fileUsage, minioUsage, natsUsage, postgresUsage, redisUsage } from "./server-usage.ts";

/** The backends that can be measured: those whose server is one that runs here. */
export const measuredBackends = ["file", "minio", "redis", "redis-cluster", "nats", "postgres"] as const;

/** One of {@link measuredBackends}. */
export type MeasuredBackend = (typeof measuredBackends)[number];

/** A server that nobody else uses, or a directory. */
export interface MeasuredServer extends AsyncDisposable {
  readonly storeUrl: string;
  /** What it takes for all that it keeps, now. */
  readonly usage: () => Promise<ServerUsage>;
}

const usageOf: Readonly<Record<MeasuredBackend, (address: string) => Promise<ServerUsage>>> = {
  file: fileUsage,
  minio: minioUsage,
  redis: redisUsage,
  "redis-cluster": redisUsage,
  nats: natsUsage,
  postgres: postgresUsage,
};

/**
 * Starts a server of one's own, and sets what its store needs in the environment.
 *
 * @throws {Error} if it cannot be had
 */
export async function startMeasuredServer(name: MeasuredBackend): Promise<MeasuredServer> {
  if (name === "file") {
    const path = await mkdtemp(join(tmpdir(), "holdpoint-scale-"));
    const storeUrl = pathToFileURL(path).href;
    const usage = async (): Promise<ServerUsage> => await usageOf.file(storeUrl);
    return { storeUrl, usage, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  }
  const server = await startServer(name, { own: true });
  if (server.kind === "missing") throw new Error(`${name} could not be had: ${server.remedy}`);
  const [place] = storeUrls(name, server.url);
  if (place === undefined) throw new Error(`${name} has no store.`);
  Object.assign(process.env, place.environment);
  return {
    storeUrl: place.url,
    usage: async () => await usageOf[name](server.url),
    [Symbol.asyncDispose]: async () => await server.stop(),
  };
}
