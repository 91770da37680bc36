import { once } from "node:events";
import { createServer } from "node:net";

import { expect, test } from "vitest";

import { findExecutable } from "./find-executable.ts";
import { ServerKeeper } from "./keeper/server-keeper.ts";
import { launchServer } from "./launch-server.ts";
import { sendRedisCommand } from "./redis-command.ts";
import { redisServer } from "./servers/redis-server.ts";

const redis = await findExecutable("redis-server", process.env);

test.skipIf(redis === undefined)("a port that another program takes first is given up for another one", async () => {
  await using keeper = await ServerKeeper.start();
  const other = createServer().listen({ host: "127.0.0.1", port: 0 });
  await once(other, "listening");
  const taken = (other.address() as { port: number }).port;
  let attempts = 0;
  const url = await launchServer(
    {
      ...redisServer,
      processes: (ports, directory) => {
        attempts += 1;
        return redisServer.processes(attempts === 1 ? [taken] : ports, directory);
      },
    },
    { kind: "binary", path: redis ?? "" },
    { environment: process.env, cacheDirectory: keeper.directory, keeper: async () => keeper, say: () => {} },
  );
  other.close();
  expect(attempts).toBe(2);
  expect(await sendRedisCommand(Number(new URL(url).port), ["PING"])).toBe("PONG");
});
