import type { ServerDefinition, ServerName } from "./server-definition.ts";
import { gcsServer } from "./servers/gcs-server.ts";
import { minioServer } from "./servers/minio-server.ts";
import { natsServer } from "./servers/nats-server.ts";
import { pgbouncerServer } from "./servers/pgbouncer-server.ts";
import { postgresServer } from "./servers/postgres-server.ts";
import { redisCluster } from "./servers/redis-cluster.ts";
import { redisServer } from "./servers/redis-server.ts";

/** Every server, by name. */
export const serverDefinitions: Readonly<Record<ServerName, ServerDefinition>> = {
  minio: minioServer,
  redis: redisServer,
  "redis-cluster": redisCluster,
  nats: natsServer,
  gcs: gcsServer,
  postgres: postgresServer,
  pgbouncer: pgbouncerServer,
};
