import type { CheckpointBackend, CheckpointStore } from "@holdpoint/core";
import { CheckpointError } from "@holdpoint/core";
import { openDriver } from "@holdpoint/core/driver";

import { NatsDriver } from "./nats-driver.ts";
import { placeOf } from "./nats-location.ts";
import type { NatsStoreOptions } from "./nats-options.ts";
import { parseNatsUrl } from "./nats-options.ts";

export type { NatsClient, NatsMessage } from "./nats-client.ts";
export type { NatsStoreOptions, NatsTlsOptions } from "./nats-options.ts";

declare module "@holdpoint/core" {
  interface StoreConfigs {
    nats: NatsStoreOptions;
  }
}

const maxPrefixBytes = 256;

/**
 * Opens a store in a NATS JetStream KV bucket, which is created if it is missing.
 *
 * @throws {CheckpointError} `invalid-argument`; `not-found` without a bucket and with `create: false`; `unsupported` if
 * the server is too old, has no JetStream, or has a bucket whose settings would lose checkpoints; `permission-denied`;
 * `unavailable`; `timeout`
 * @example
 * ```ts
 * await using store = await createNatsStore({ bucket: "checkpoints", servers: ["127.0.0.1:4222"], replicas: 3 });
 * ```
 */
export async function createNatsStore(options: NatsStoreOptions): Promise<CheckpointStore> {
  assertOptions(options);
  return await openDriver(new NatsDriver(options), options);
}

/**
 * This backend, as `openStore` finds it.
 *
 * @example
 * ```ts
 * registerBackend(backend);
 * await using store = await openStore("nats://127.0.0.1:4222/checkpoints");
 * ```
 */
export const backend: CheckpointBackend<NatsStoreOptions> = {
  name: "nats",
  schemes: ["nats"],
  parseUrl: parseNatsUrl,
  open: createNatsStore,
  variables: ["NATS_URL", "NATS_KV_BUCKET", "NATS_CREDS_FILE", "STATE_PREFIX"],
  listPermission: "the subjects of consumers of the bucket's stream",
  placeOf,
};

function assertOptions({ bucket, prefix = "", servers = [], client, replicas }: NatsStoreOptions): void {
  const problems: readonly (readonly [isWrong: boolean, problem: string])[] = [
    [
      typeof bucket !== "string" || !/^[-\w]{1,240}$/u.test(bucket),
      `the bucket ${JSON.stringify(bucket)} is not a name of letters, digits, "-" and "_"`,
    ],
    [
      !prefix.isWellFormed() || Buffer.byteLength(prefix) > maxPrefixBytes,
      `the prefix is not a well-formed string of at most ${maxPrefixBytes} UTF-8 bytes`,
    ],
    [client === undefined && servers.length === 0, "neither servers nor a client are given"],
    [client !== undefined && servers.length > 0, "servers and a client exclude each other"],
    [!servers.every(isAddress), "the servers are not all of the form host:port, without credentials"],
    [
      replicas !== undefined && !(Number.isInteger(replicas) && replicas >= 1 && replicas <= 5),
      `replicas is ${String(replicas)}; expected a whole number from 1 to 5`,
    ],
  ];
  const problem = problems.find(([isWrong]) => isWrong)?.[1];
  if (problem === undefined) return;
  throw new CheckpointError("invalid-argument", `nats: cannot open the store: ${problem}.`, { backend: "nats" });
}

function isAddress(server: string): boolean {
  return /^(?:\[[^\]@]+\]|[^\s:@/[\]]+)(?::\d+)?$/u.test(server);
}
