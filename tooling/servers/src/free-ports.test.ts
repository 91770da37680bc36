import { once } from "node:events";
import { createServer } from "node:net";

import { expect, test } from "vitest";

import { findFreePorts } from "./free-ports.ts";

test("different ports that can be listened on, with the extra one", async () => {
  const ports = await findFreePorts(3, 10_000);
  expect(new Set(ports).size).toBe(3);
  for (const port of [...ports, ...ports.map((each) => each + 10_000)]) {
    expect(port).toBeLessThan(32_768);
    const server = createServer().listen({ host: "127.0.0.1", port });
    await once(server, "listening");
    server.close();
  }
});
