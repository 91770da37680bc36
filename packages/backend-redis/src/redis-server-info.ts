import { DriverFailureError } from "@holdpoint/core/driver";

/** What `INFO` says about a server, as far as it matters here. */
export interface RedisServerInfo {
  /** The version of Redis that the server is compatible with. */
  readonly version: string;
  /** `"Redis"`, or what the server calls itself. */
  readonly product: string;
  readonly productVersion: string;
  /** `standalone`, `cluster` or `sentinel`. */
  readonly mode: string;
  /** `master` or `slave`. */
  readonly role: string;
  readonly isLoading: boolean;
  readonly connectedReplicas: number;
  readonly hasAppendOnlyFile: boolean;
}

/** The oldest version of Redis that is known to keep the store's promises. */
const oldestVersion = "6.2";

/** The fields of the answer of `INFO` by their names. */
export function readInfoFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

/** Reads the answer of `INFO`; `undefined` if that is not what it is. */
export function parseServerInfo(text: string): RedisServerInfo | undefined {
  const fields = readInfoFields(text);
  const version = fields.get("redis_version");
  if (version === undefined) return undefined;
  // Valkey keeps redis_version at the Redis that it was forked from, and says what it is beside it:
  // https://valkey.io/commands/info/
  const name = fields.get("server_name");
  return {
    version,
    product: name === undefined || name === "redis" ? "Redis" : name,
    productVersion: fields.get(`${name}_version`) ?? version,
    mode: fields.get("redis_mode") ?? fields.get("server_mode") ?? "standalone",
    role: fields.get("role") ?? "master",
    isLoading: fields.get("loading") === "1",
    connectedReplicas: Number(fields.get("connected_slaves") ?? 0),
    hasAppendOnlyFile: fields.get("aof_enabled") === "1",
  };
}

/** Whether a version such as `7.0.15` is at least one such as `6.2`. */
export function isAtLeast(version: string, oldest: string): boolean {
  const found = version.split(".").map(Number);
  for (const [index, number] of oldest.split(".").map(Number).entries()) {
    const difference = (found[index] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/**
 * Throws if a server cannot keep the store's promises, or cannot now.
 *
 * @throws {DriverFailureError} `unsupported`, `unavailable`
 */
export function assertUsable(info: RedisServerInfo, mode: "cluster" | "standalone"): void {
  if (info.mode === "sentinel") {
    throw unusable("unsupported", "this is a Sentinel, which keeps no data", "Name the master with sentinelMaster=.");
  }
  if (!isAtLeast(info.version, oldestVersion)) {
    throw unusable(
      "unsupported",
      `this is ${info.product} ${info.productVersion}; at least ${oldestVersion} is needed`,
      "Use a newer Redis, or Valkey.",
    );
  }
  if (info.mode === "cluster" && mode === "standalone") {
    throw unusable(
      "unsupported",
      "the server is a node of a cluster, which has only a part of the keys",
      "Open the store with cluster=true, or hand in an ioredis Cluster instead of a Redis.",
    );
  }
  if (info.isLoading) {
    throw unusable(
      "unavailable",
      "the server has just started and is still loading its data",
      "Try again when it has.",
    );
  }
  if (info.role !== "master") {
    throw unusable(
      "unavailable",
      "the server is a replica, whose answers may be out of date",
      "Give the address of the master, or use Sentinel or Cluster, which find it.",
    );
  }
}

function unusable(code: "unsupported" | "unavailable", message: string, remedy: string): DriverFailureError {
  const retryable = code === "unavailable";
  return new DriverFailureError({
    code,
    retryable,
    outcome: "not-applied",
    message,
    remedy,
    retryAfterMs: retryable ? 1_000 : undefined,
  });
}
