import type { StoreFinding } from "@holdpoint/core";
import { openStore } from "@holdpoint/core";
import { describe, expect, it } from "vitest";

import { cluster, documentedPermissions, ownServer } from "./test-server.ts";

/** `level subject` of each finding. */
async function inspect(url: string): Promise<readonly string[]> {
  await using store = await openStore(url);
  return ((await store.inspect?.()) ?? []).map(({ level, subject }: StoreFinding) => `${level} ${subject}`);
}

describe("inspect", () => {
  it("says what the server keeps when it restarts", async (context) => {
    await using server = await ownServer(context);
    const { admin, url } = server;
    const durability = async (settings: Readonly<Record<string, string>>): Promise<string | undefined> => {
      for (const [name, value] of Object.entries(settings)) await admin.config("SET", name, value);
      return (await inspect(url))[0];
    };
    expect(await durability({ appendonly: "no", save: "" })).toBe("problem durability");
    expect(await durability({ save: "3600 1" })).toBe("warning durability");
    expect(await durability({ appendonly: "yes", appendfsync: "no" })).toBe("warning durability");
    expect(await durability({ appendfsync: "everysec" })).toBe("ok durability");
    expect(await durability({ appendfsync: "always", save: "" })).toBe("ok durability");
  });

  it("says whether a write can wait for an fsync", async (context) => {
    await using server = await ownServer(context);
    await server.admin.config("SET", "appendonly", "yes");
    await expect.poll(() => server.admin.info("persistence")).toContain("aof_rewrite_in_progress:0");
    if ((await server.admin.command("INFO", "waitaof"))[0] === null) context.skip("this server has no WAITAOF");
    const url = `${server.url}?waitAof=true&waitTimeoutMs=4000`;
    expect(await inspect(url)).toContain("ok durability");
    await server.admin.config("SET", "appendfsync", "no");
    expect(await inspect(url)).toContain("problem durability");
  });

  it("says whether the server evicts tasks when memory runs short", async (context) => {
    await using server = await ownServer(context);
    const eviction = async (policy: string, maxmemory: string): Promise<string | undefined> => {
      await server.admin.config("SET", "maxmemory", maxmemory);
      await server.admin.config("SET", "maxmemory-policy", policy);
      return (await inspect(server.url))[1];
    };
    expect(await eviction("noeviction", "100mb")).toBe("ok eviction");
    expect(await eviction("allkeys-lru", "100mb")).toBe("problem eviction");
    expect(await eviction("allkeys-random", "0")).toBe("warning eviction");
    expect(await eviction("volatile-ttl", "100mb")).toBe("warning eviction");
    expect(await eviction("volatile-ttl", "0")).toBe("ok eviction");
  });

  it("says whether writes wait for the replicas", async (context) => {
    await using master = await ownServer(context);
    await using replica = await ownServer(context);
    await master.admin.config("SET", "repl-diskless-sync-delay", "0");
    await replica.admin.replicaof("127.0.0.1", master.port);
    await expect.poll(() => replica.admin.info("replication"), { timeout: 20_000 }).toContain("master_link_status:up");
    expect(await inspect(master.url)).toContain("warning replication");
    await using store = await openStore(`${master.url}?waitReplicas=1`);
    const replication = async (): Promise<StoreFinding | undefined> =>
      (await store.inspect?.())?.find(({ subject }) => subject === "replication");
    expect(await replication()).toMatchObject({
      level: "warning",
      found: expect.stringMatching(/^1 connected replica,/u),
    });
    await using another = await ownServer(context);
    await another.admin.replicaof("127.0.0.1", master.port);
    await expect.poll(replication, { timeout: 20_000 }).toMatchObject({ level: "ok" });
    for (const { admin } of [replica, another]) await admin.replicaof("NO", "ONE");
    await expect.poll(replication, { timeout: 20_000 }).toMatchObject({
      level: "problem",
      found: "0 connected replicas, of which a write waits for 1",
    });
  });

  it("makes do with the documented permissions", async (context) => {
    await using server = await ownServer(context);
    await server.admin.config("SET", "appendonly", "no");
    await server.admin.config("SET", "save", "");
    await server.admin.acl("SETUSER", "clerk", "on", ">pass", "~holdpoint:*", ...documentedPermissions);
    await using store = await openStore(`redis://clerk:pass@127.0.0.1:${server.port}/0`);
    const findings = (await store.inspect?.()) ?? [];
    // Without CONFIG nobody can tell whether it saves snapshots.
    expect(findings.find(({ subject }) => subject === "durability")).toMatchObject({
      level: "warning",
      found: "appendonly is no; snapshots (save) not told",
    });
  });

  it.skipIf(cluster.isMissing)("names what all masters of a cluster have in common once", async () => {
    const findings = await inspect(`${cluster.url}?cluster=true`);
    expect(findings).toHaveLength(2);
  });
});
