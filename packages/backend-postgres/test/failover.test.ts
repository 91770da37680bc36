import { randomUUID } from "node:crypto";
import { join } from "node:path";

import { expect, test } from "vitest";

import { ServerKeeper } from "../../../tooling/servers/src/keeper/server-keeper.ts";
import { findFreePorts } from "../../../tooling/servers/src/free-ports.ts";
import {
  asOrdinaryUser,
  postgresDirectories,
  postgresReadyLine,
  postgresUrl,
  postgresUser,
} from "../../../tooling/servers/src/servers/postgres-server.ts";
import { createPostgresStore } from "../src/index.ts";
import { inspector, ownServer, postgres } from "./test-server.ts";

const text = (body: Uint8Array | undefined): string => new TextDecoder().decode(body);
const [programs] = postgresDirectories();

/** A standby that follows a primary. */
async function startStandby(keeper: ServerKeeper, primaryUrl: string): Promise<number> {
  const [port = 0] = await findFreePorts(1);
  const directory = join(keeper.directory, "standby", "postgres");
  const script = `directory=$1 port=$2 postgres_bin=$3${asOrdinaryUser}
$as "$postgres_bin/pg_basebackup" --dbname "$4" --pgdata "$directory/data" --write-recovery-conf --checkpoint fast --no-sync
exec $as "$postgres_bin/postgres" -D "$directory/data" -p "$port" -c listen_addresses=127.0.0.1 \\
  -c unix_socket_directories="$directory/data" -c fsync=off -c max_connections=300`;
  await keeper.runUntilReady({
    command: "/bin/sh",
    arguments: ["-c", script, "sh", directory, String(port), programs ?? "", primaryUrl],
    directory,
    logFile: join(keeper.directory, "standby.log"),
    readyLine: /ready to accept (?:read-only )?connections/u,
  });
  return port;
}

test.skipIf(postgres.isMissing || programs === undefined)(
  "a standby is never asked, and once it is promoted it takes the primary's place",
  async (context) => {
    expect(postgresReadyLine.test("database system is ready to accept connections")).toBe(true);
    const primary = await ownServer(context);
    await using keeper = await ServerKeeper.start();
    const standbyPort = await startStandby(keeper, primary.url);
    const login = { username: postgresUser.name, password: postgresUser.password, database: "postgres" };
    const prefix = `${randomUUID()}/`;
    const hosts = [standbyPort, Number(new URL(primary.url).port)].map((port) => ({ host: "127.0.0.1", port }));
    await using store = await createPostgresStore({ ...login, hosts, prefix });
    const { version } = await store.put("key", new TextEncoder().encode("from the primary"));

    await expect(
      createPostgresStore({ ...login, hosts: hosts.slice(0, 1), prefix, maxAttempts: 1 }),
    ).rejects.toMatchObject({
      code: "unavailable",
      retryable: true,
      message: expect.stringContaining("standby") as string,
    });

    await using inspectorOfStandby = await inspector(postgresUrl(standbyPort));
    const arrived = async (): Promise<number | null> =>
      (await inspectorOfStandby.query("SELECT FROM public.holdpoint_checkpoints WHERE key = $1", [`${prefix}key`]))
        .rowCount;
    await expect.poll(arrived, { timeout: 30_000 }).toBe(1);

    await primary[Symbol.asyncDispose]();
    const reading = store.get("key", { timeoutMs: 60_000 }).catch(async () => await store.get("key"));
    await inspectorOfStandby.query("SELECT pg_promote()");
    expect(text((await reading)?.body)).toBe("from the primary");
    await store.put("key", new TextEncoder().encode("from the promoted one"), { ifVersion: version });
    expect(text((await store.get("key"))?.body)).toBe("from the promoted one");
  },
);
