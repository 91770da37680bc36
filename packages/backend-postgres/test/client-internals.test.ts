import { createRequire } from "node:module";

import { Connection } from "pg";
import { describe, expect, test } from "vitest";

import { inspector, postgres } from "./test-server.ts";

const { version } = createRequire(import.meta.url)("pg/package.json") as { readonly version: string };

// What `postgres-pools.ts` and `channel-bound-client.ts` lean on, and the types of `pg` leave out.
describe.skipIf(postgres.isMissing)(`pg ${version}`, () => {
  test("keeps the key by which the server cancels a statement, and the stream of its connection", async () => {
    await using client = await inspector();
    const { rows } = await client.query<{ readonly pid: number }>("SELECT pg_backend_pid() AS pid");
    expect(client).toMatchObject({ processID: rows[0]?.pid, secretKey: expect.any(Number) as number });
    expect(client.connection.stream.destroyed).toBe(false);
  });

  test("has a connection that can ask for TLS and for a statement to be canceled", () => {
    const connection: object = new Connection({});
    const isFunction: unknown = expect.any(Function);
    expect(connection).toMatchObject({ connect: isFunction, requestSsl: isFunction, cancel: isFunction });
  });

  test("tells how the server wants the password before it answers", async () => {
    const { ChannelBoundClient } = await import("../src/channel-bound-client.ts");
    const client = new ChannelBoundClient({ connectionString: postgres.url, ssl: false });
    await expect(client.connect()).rejects.toMatchObject({ message: expect.stringContaining("bind") as string });
  });
});
