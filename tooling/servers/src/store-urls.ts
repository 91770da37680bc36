import type { ServerName } from "./server-definition.ts";

/** How a person opens a store on a test server: a URL for `openStore`, and the variables that it needs besides. */
export interface StoreUrl {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The store URLs that a test server answers to.
 *
 * @example
 * ```ts
 * storeUrls("nats", "nats://127.0.0.1:4222"); // [{ url: "nats://127.0.0.1:4222/holdpoint", environment: {} }]
 * ```
 */
export function storeUrls(name: ServerName, address: string): readonly StoreUrl[] {
  const { host, username, password } = new URL(address);
  switch (name) {
    case "minio":
      return [
        {
          url: `minio://${host}/holdpoint?tls=false`,
          environment: { MINIO_ACCESS_KEY: username, MINIO_SECRET_KEY: password },
        },
        {
          url: `s3://holdpoint?endpoint=http://${host}&region=us-east-1`,
          environment: { AWS_ACCESS_KEY_ID: username, AWS_SECRET_ACCESS_KEY: password },
        },
      ];
    case "redis":
    case "postgres":
    case "pgbouncer":
      return [{ url: address, environment: {} }];
    case "redis-cluster":
      return [{ url: `${address}?cluster=true`, environment: {} }];
    case "nats":
      return [{ url: `${address}/holdpoint`, environment: {} }];
    case "gcs":
      return [{ url: "gs://holdpoint", environment: { STORAGE_EMULATOR_HOST: address } }];
  }
}
