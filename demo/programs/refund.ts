import { appendFile } from "node:fs/promises";

import { openStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";

// A program that asks before it pays: store's URL, the payee's book, the refund's number, and where it is to be killed.
const [url = "", book = "", id = "", killedAt] = process.argv.slice(2);

await using store = await openStore(url);
const holds = createHolds(store);
await holds.open(id, { ask: { message: "Refund 5000?" }, content: { order: id, amount: 5000 } });
const { state } = await holds.wait(id);
const result = await holds.act(
  id,
  async ({ idempotencyKey }) => {
    await appendFile(book, `paid 5000 for ${id}, under the key ${idempotencyKey}\n`);
    if (killedAt === "paid") process.kill(process.pid, "SIGKILL");
    return { paid: 5000 };
  },
  // How long a worker that was killed may be thought to live.
  { leaseMs: 1_000 },
);
console.log(JSON.stringify({ state, ...result }));
