import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openStore } from "@holdpoint/core";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import type { TestContext } from "vitest";

import { createRedisStore } from "../src/index.ts";
import { freePort } from "./free-port.ts";
import { DisposableRedis, ownServer } from "./test-server.ts";

test("the master is found by its sentinels, also after a failover", async (context) => {
  await using master = await ownServer(context);
  await using replica = await ownServer(context);
  if (master.binary === undefined) context.skip("a Sentinel needs the program redis-server on this machine");
  await master.admin.config("SET", "repl-diskless-sync-delay", "0");
  await replica.admin.replicaof("127.0.0.1", master.port);
  await expect.poll(() => replica.admin.info("replication"), { timeout: 20_000 }).toContain("master_link_status:up");
  await using sentinel = await startSentinel(context, master.binary ?? "", master.port);

  await using store = await openStore(`redis://127.0.0.1:${sentinel.port}?sentinelMaster=main&prefix=`);
  const client = new Redis({ name: "main", sentinels: [{ host: "127.0.0.1", port: sentinel.port }] });
  client.on("error", () => undefined);
  await using byClient = await createRedisStore({ client, prefix: "" });
  const { version } = await store.put("a", new Uint8Array(1));
  expect(await byClient.get("a")).toMatchObject({ version });
  await expect.poll(() => replica.admin.exists("a")).toBe(1);

  // A sentinel refuses until it has heard of the replica.
  const fail = (): Promise<unknown> => sentinel.admin.call("SENTINEL", "FAILOVER", "main").catch(String);
  await expect.poll(fail, { timeout: 20_000 }).toBe("OK");
  await expect.poll(() => replica.admin.info("replication"), { timeout: 20_000 }).toContain("role:master");
  await expect.poll(() => master.admin.info("replication"), { timeout: 20_000 }).toContain("role:slave");
  const next = await store.put("a", new Uint8Array(2), { ifVersion: version });
  expect(next.version).not.toBe(version);
  expect((await replica.admin.get("a"))?.length).toBeGreaterThan(0);
  expect(await byClient.get("a")).toMatchObject({ version: next.version });

  await expect(openStore(`redis://127.0.0.1:${sentinel.port}`)).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("sentinelMaster"),
  });
  await expect(
    openStore(`redis://127.0.0.1:${sentinel.port}?sentinelMaster=other`, { timeoutMs: 2_000 }),
  ).rejects.toMatchObject({ code: "unavailable", message: expect.stringContaining("name of the master") });
  client.disconnect();
});

async function startSentinel(context: TestContext, binary: string, masterPort: number): Promise<Sentinel> {
  const directory = await mkdtemp(join(tmpdir(), "holdpoint-sentinel-"));
  const port = await freePort();
  const configuration = join(directory, "sentinel.conf");
  await writeFile(
    configuration,
    [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${directory}`,
      `sentinel monitor main 127.0.0.1 ${masterPort} 1`,
      "sentinel down-after-milliseconds main 5000",
      "sentinel failover-timeout main 10000",
    ].join("\n"),
  );
  const child = spawn(binary, [configuration, "--sentinel"], { stdio: "ignore" });
  // Also if it never gets ready.
  context.onTestFinished(() => void child.kill());
  const admin = new DisposableRedis(port, "127.0.0.1", { retryStrategy: () => 20 });
  admin.on("error", () => undefined);
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  admin.once("ready", resolve);
  await ready;
  return {
    port,
    admin,
    [Symbol.asyncDispose]: async () => {
      admin.disconnect();
      const exited = once(child, "exit");
      child.kill();
      await exited;
      await rm(directory, { recursive: true });
    },
  };
}

interface Sentinel extends AsyncDisposable {
  readonly port: number;
  readonly admin: Redis;
}
