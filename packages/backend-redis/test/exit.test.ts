import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";

import { describe, expect, test } from "vitest";

import { startCuttingProxy } from "./cutting-proxy.ts";
import { cluster, redis } from "./test-server.ts";

/** Runs the program until it says how the opening went. The process is ended by the test's time limit, if need be. */
async function start(url: string): Promise<{ readonly said: string; readonly close: () => Promise<number> }> {
  const child = fork(new URL("./exit-child.ts", import.meta.url), [url], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const exited = once(child, "exit") as Promise<[number | null, string | null]>;
  if (child.stdout === null) throw new Error("the program has no output");
  const [said] = (await once(createInterface(child.stdout), "line")) as [string];
  return {
    said,
    close: async () => {
      const startedAt = performance.now();
      if (said === "open") child.send("close");
      const [code, signal] = await exited;
      expect({ code, signal }).toEqual({ code: 0, signal: null });
      return performance.now() - startedAt;
    },
  };
}

// Far below any of the deadlines that could be what ends the process instead.
const promptMs = 8_000;

describe("nothing keeps the process alive", () => {
  test.skipIf(redis.isMissing)("after close() of a store that is connected", async () => {
    const program = await start(`${redis.url}?timeoutMs=60000`);
    expect(program.said).toBe("open");
    expect(await program.close()).toBeLessThan(promptMs);
  });

  test.skipIf(cluster.isMissing)("after close() of a cluster's store", async () => {
    const program = await start(`${cluster.url}?cluster=true&timeoutMs=60000`);
    expect(program.said).toBe("open");
    expect(await program.close()).toBeLessThan(promptMs);
  });

  test.skipIf(redis.isMissing)("after close() of a store that is just trying to reconnect", async () => {
    await using proxy = await startCuttingProxy(redis.url);
    const program = await start(`redis://127.0.0.1:${proxy.port}?attemptTimeoutMs=30000&timeoutMs=60000`);
    expect(program.said).toBe("open");
    proxy.closeDoor();
    proxy.cutAll();
    expect(await program.close()).toBeLessThan(promptMs);
  });

  test.each(["", "&cluster=true", "&sentinelMaster=m"])(
    "after opening has failed: never an answer %s",
    async (query) => {
      const server = createServer((socket) => socket.on("error", () => undefined).resume()).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const program = await start(`redis://127.0.0.1:${port}?timeoutMs=500${query}`);
      expect(program.said).toBe("timeout");
      expect(await program.close()).toBeLessThan(promptMs);
      server.close();
    },
  );
});
