import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";

/** Dies at a place, as a process does when its machine goes away. */
function dieAt(place: string): void {
  if (process.env["DIE_AT"] === place) process.kill(process.pid, "SIGKILL");
}

/** A payee that honours the key: the same payment under the same key is made once. */
async function pay(amount: number, idempotencyKey: string): Promise<string> {
  await writeFile(join(process.env["BANK"] ?? "", idempotencyKey), String(amount), { flag: "wx" }).catch(() => {});
  return `paid ${amount}`;
}

/** The program. However often it is run from the top, it asks once and pays once. */
async function refund(): Promise<void> {
  await using store = await openStore(process.env["STATE"] ?? "");
  const holds = createHolds(store);
  await holds.open("refund-42", { ask: { message: "Refund 5000?" }, content: { amount: 5000 } });
  dieAt("asked");
  await holds.wait("refund-42");
  dieAt("answered");
  const work = async ({ content, idempotencyKey }: { content: { amount: number }; idempotencyKey: string }) => {
    dieAt("claimed");
    const receipt = await pay(content.amount, idempotencyKey);
    dieAt("paid");
    return receipt;
  };
  const options = { whenInDoubt: "again", leaseMs: 2_000 } as const;
  const done = await holds.act<string, { amount: number }>("refund-42", work, options);
  dieAt("done");
  console.log(done.outcome === "done" ? done.receipt : done.outcome);
}

if (process.env["BANK"] !== undefined) {
  await refund();
} else {
  const STATE = await mkdtemp(join(tmpdir(), "state-"));
  const BANK = await mkdtemp(join(tmpdir(), "bank-"));
  for (const DIE_AT of ["asked", "answered", "claimed", "paid", "done", "never"]) {
    if (DIE_AT === "answered") {
      await using store = await openStore(STATE);
      await createHolds(store).answer("refund-42", { decision: "approve" }, { by: "ada" });
    }
    const env = { ...process.env, STATE, BANK, DIE_AT };
    const { signal, stdout } = spawnSync(process.execPath, [import.meta.filename], { env, encoding: "utf8" });
    if (DIE_AT === "paid") console.log(signal); // SIGKILL
    if (DIE_AT === "never") console.log(stdout.trim()); // paid 5000
  }
  console.log((await readdir(BANK)).length); // 1
}
