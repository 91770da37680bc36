import { httpProtocol } from "./http-protocol.ts";
import { natsProtocol } from "./nats-protocol.ts";
import { postgresProtocol } from "./postgres-protocol.ts";
import { redisProtocol } from "./redis-protocol.ts";
import type { FaultProtocol } from "./request-reader.ts";

/** What a proxy can be told that it stands in front of. */
export type FaultProtocolName = "tcp" | "http" | "redis" | "nats" | "postgres";

/** Each protocol as far as the proxy has to know it. */
export const faultProtocols: Readonly<Record<FaultProtocolName, FaultProtocol>> = {
  // Nothing is known: whatever a client sends in one piece may be either.
  tcp: { errors: [], createReader: () => (bytes) => [{ kind: "any", bytes }] },
  http: httpProtocol,
  redis: redisProtocol,
  nats: natsProtocol,
  postgres: postgresProtocol,
};
