import type { BackendUnderTest } from "./stores/bench-server.ts";
import { openFileBench } from "./stores/file-bench.ts";
import { openGcsBench } from "./stores/gcs-bench.ts";
import { openMinioBench } from "./stores/minio-bench.ts";
import { openNatsBench } from "./stores/nats-bench.ts";
import { openPostgresBench } from "./stores/postgres-bench.ts";
import { openRedisBench } from "./stores/redis-bench.ts";
import { openS3Bench } from "./stores/s3-bench.ts";

/** The backends that are measured, by their names, in the order of the report. */
export const benchBackends: Readonly<Record<string, () => Promise<BackendUnderTest>>> = {
  file: openFileBench,
  redis: openRedisBench,
  s3: openS3Bench,
  minio: openMinioBench,
  gcs: openGcsBench,
  nats: openNatsBench,
  postgres: openPostgresBench,
};
