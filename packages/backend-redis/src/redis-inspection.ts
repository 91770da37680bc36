import type { StoreFinding } from "@holdpoint/core";

import { isCluster } from "./redis-connection.ts";
import type { RedisConnection, RedisNode } from "./redis-connection.ts";
import type { RedisDurability } from "./redis-durability.ts";
import { isReplyError } from "./redis-error.ts";
import { readInfoFields } from "./redis-server-info.ts";

/** What a server says about itself; `undefined` where it does not tell. */
interface RedisSettings {
  readonly info: ReadonlyMap<string, string>;
  readonly appendfsync: string | undefined;
  readonly save: string | undefined;
}

/** What the settings of a server, or of each master of a cluster, mean for what is kept there. */
export async function inspectRedis(
  connection: RedisConnection,
  durability: RedisDurability | undefined,
): Promise<readonly StoreFinding[]> {
  await connection.ready();
  const { client } = connection;
  const nodes: readonly RedisNode[] = isCluster(client) ? client.nodes("master") : [client];
  const addressesOf = new Map<string, string[]>();
  for (const node of nodes) {
    const settings = await readSettings(connection, node);
    for (const finding of [
      durabilityOf(settings, durability),
      evictionOf(settings),
      ...replicationOf(settings, durability),
    ]) {
      const text = JSON.stringify(finding);
      const address = `${node.options.host ?? ""}:${node.options.port ?? ""}`;
      addressesOf.set(text, [...(addressesOf.get(text) ?? []), address]);
    }
  }
  return Array.from(addressesOf, ([text, addresses]) => {
    const finding = JSON.parse(text) as StoreFinding;
    return addresses.length === nodes.length
      ? finding
      : { ...finding, found: `${addresses.join(", ")}: ${finding.found}` };
  });
}

async function readSettings(connection: RedisConnection, node: RedisNode): Promise<RedisSettings> {
  const { reply } = await connection.requestFrom(node, "info", [], { repeatable: true });
  return {
    info: readInfoFields(String(reply)),
    appendfsync: await configOf(connection, node, "appendfsync"),
    save: await configOf(connection, node, "save"),
  };
}

/** Managed servers have no CONFIG, and an ACL may withhold it. */
async function configOf(connection: RedisConnection, node: RedisNode, name: string): Promise<string | undefined> {
  try {
    const { reply } = await connection.requestFrom(node, "config", ["get", name], { repeatable: true });
    const pairs = Array.isArray(reply) ? reply : Object.entries(reply as object).flat();
    return pairs.length < 2 ? undefined : String(pairs[1]);
  } catch (error) {
    if (isReplyError(error)) return undefined;
    throw error;
  }
}

/** @see https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/ */
function durabilityOf(
  { info, appendfsync, save }: RedisSettings,
  durability: RedisDurability | undefined,
): StoreFinding {
  const subject = "durability";
  if (info.get("aof_enabled") === "1") {
    const failed = ["aof_last_write_status", "aof_last_bgrewrite_status"].find((name) => info.get(name) === "err");
    if (failed !== undefined) {
      return {
        subject,
        level: "problem",
        found: `the server could not write its append-only file (${failed}: err)`,
        reason: "What is paused is lost when the server restarts.",
        remedy: "Look at the server's log and its disk.",
      };
    }
    if (appendfsync === "no" && durability?.waitAof === true) {
      return {
        subject,
        level: "problem",
        found: "appendfsync is no, and waitAof waits for an fsync that the server leaves to the system",
        reason: "Hardly any write is acknowledged in time: nothing can be paused or resumed.",
        remedy: "Set appendfsync everysec or always, or leave out waitAof.",
      };
    }
    if (appendfsync === "no") {
      return {
        subject,
        level: "warning",
        found: "appendonly is yes, but appendfsync is no",
        reason: "If the machine fails, what was written since the system last flushed its disk is lost.",
        remedy: "Set appendfsync everysec or always.",
      };
    }
    const found = `appendonly is yes, appendfsync ${appendfsync ?? "not told"}`;
    if (durability?.waitAof === true)
      return { subject, level: "ok", found: `${found}, and a write waits for its fsync` };
    const upTo = appendfsync === "always" ? "" : "; up to about a second of writes is lost if the machine fails";
    return { subject, level: "ok", found: `${found}${upTo}` };
  }
  const remedy = "Set appendonly yes, in the server's configuration file too.";
  if (save === "") {
    return {
      subject,
      level: "problem",
      found: "the server keeps nothing: appendonly is no, and save is empty",
      reason: "Every paused task is lost when it restarts.",
      remedy,
    };
  }
  return {
    subject,
    level: "warning",
    found: `appendonly is no; snapshots (save) ${save === undefined ? "not told" : `after ${save}`}`,
    reason: "What was paused or resumed since the last snapshot is undone when the server fails.",
    remedy,
  };
}

/** @see https://redis.io/docs/latest/develop/reference/eviction/ */
function evictionOf({ info }: RedisSettings): StoreFinding {
  const subject = "eviction";
  const policy = info.get("maxmemory_policy");
  const isLimited = Number(info.get("maxmemory") ?? 0) > 0;
  if (policy === undefined) {
    return {
      subject,
      level: "unknown",
      found: "the server does not tell its maxmemory-policy",
      reason: "A server that evicts keys when memory runs short loses paused tasks.",
      remedy: "Make sure that it is noeviction.",
    };
  }
  const found = `maxmemory-policy is ${policy}, maxmemory ${isLimited ? (info.get("maxmemory_human") ?? "set") : "not set"}`;
  if (policy === "noeviction") return { subject, level: "ok", found };
  const takesAll = policy.startsWith("allkeys");
  if (!takesAll && !isLimited) return { subject, level: "ok", found };
  return {
    subject,
    level: takesAll && isLimited ? "problem" : "warning",
    found,
    reason: takesAll
      ? `The server removes paused tasks when memory runs short${isLimited ? "" : ", once maxmemory is set"}.`
      : "The server removes what is left of ended tasks early, and does not recognise late deliveries then.",
    remedy: "Set maxmemory-policy noeviction.",
  };
}

function replicationOf({ info }: RedisSettings, durability: RedisDurability | undefined): readonly StoreFinding[] {
  const subject = "replication";
  const replicas = Number(info.get("connected_slaves") ?? 0);
  const waits = durability?.waitReplicas ?? 0;
  if (replicas === 0 && waits === 0) return [];
  const found = `${replicas} connected ${replicas === 1 ? "replica" : "replicas"}, of which a write waits for ${waits}`;
  if (waits > replicas) {
    return [
      {
        subject,
        level: "problem",
        found,
        reason: "No write is acknowledged: nothing can be paused or resumed.",
        remedy: "Look at the replicas, or ask for fewer with waitReplicas.",
      },
    ];
  }
  if (waits === replicas) {
    return [
      {
        subject,
        level: "warning",
        found,
        reason: "While one of them is away no write is acknowledged, and nothing can be paused or resumed.",
        remedy: "Add a replica.",
      },
    ];
  }
  if (waits > 0) return [{ subject, level: "ok", found }];
  return [
    {
      subject,
      level: "warning",
      found,
      reason: "A failover can undo the last writes: a pause is lost, or a task can be resumed once more.",
      remedy: "Add waitReplicas=1 to the store's URL.",
    },
  ];
}
