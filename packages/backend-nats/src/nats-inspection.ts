import type { StoreFinding } from "@holdpoint/core";

import type { StreamInfo } from "./nats-jetstream.ts";

/** Above this share of its limit, a bucket is called nearly full. */
const fullShare = 0.8;

/** What the settings of a bucket's stream mean for what is kept there. Those that would lose values are refused when it is opened. */
export function inspectStream({ config, state }: StreamInfo): readonly StoreFinding[] {
  const replicas = Number(config["num_replicas"]);
  return [...durabilityOf(config["storage"], replicas), limitOf(config, state)];
}

function durabilityOf(storage: unknown, replicas: number): readonly StoreFinding[] {
  const subject = "durability";
  const servers = replicas === 1 ? "one server (replicas: 1)" : `${replicas} servers`;
  if (storage === "memory") {
    return [
      {
        subject,
        level: "problem",
        found: `the bucket is kept in the memory of ${servers}`,
        reason: "Every paused task is lost when they restart.",
        remedy: "Use a bucket with storage file.",
      },
    ];
  }
  return [
    { subject, level: "ok", found: `the bucket is kept in the files of ${servers}` },
    {
      subject: "sync",
      level: "unknown",
      found: "how often the server syncs its files (sync_interval) cannot be asked",
      // https://docs.nats.io/running-a-nats-service/configuration/resource_management/configuration_jetstream
      reason: "It acknowledges before it syncs: a failing machine loses up to two minutes of writes by default.",
      remedy: "Set sync_interval: always in its jetstream block, or keep the bucket on three servers.",
    },
  ];
}

function limitOf(config: StreamInfo["config"], { bytes = 0, messages = 0 }: StreamInfo["state"]): StoreFinding {
  const subject = "space";
  const limits = [
    { name: "bytes", used: bytes, limit: Number(config["max_bytes"] ?? -1) },
    { name: "values", used: messages, limit: Number(config["max_msgs"] ?? -1) },
  ].filter(({ limit }) => limit > 0);
  if (limits.length === 0) return { subject, level: "ok", found: "the bucket has no limit of its own" };
  const found = limits.map(({ name, used, limit }) => `${used} of at most ${limit} ${name}`).join(", ");
  if (limits.every(({ used, limit }) => used < limit * fullShare)) return { subject, level: "ok", found };
  return {
    subject,
    level: "warning",
    found: `${found} are used`,
    reason: "In a full bucket nothing can be paused or resumed.",
    remedy: `Raise its limits with: nats stream edit ${String(config["name"])}, and run holdpoint prune.`,
  };
}
