import type { FaultSettings } from "./any-target-proxy.ts";

/** What the connections to a store can meet, by its URL. */
export function faultSettingsOf(storeUrl: string): FaultSettings {
  const scheme = URL.canParse(storeUrl) ? new URL(storeUrl).protocol.slice(0, -1) : "file";
  switch (scheme) {
    case "s3":
    case "minio":
      return { protocol: "http" };
    case "gs":
      return { protocol: "http", impossible: ["answer:ConditionalRequestConflict"] };
    case "redis":
      return { protocol: "redis", impossible: ["answer:CLUSTERDOWN"] };
    case "nats":
      return { protocol: "nats" };
    case "postgres":
    case "postgresql":
      return { protocol: "postgres" };
    default:
      return { protocol: "tcp" };
  }
}
