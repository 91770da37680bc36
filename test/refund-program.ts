import { appendFile } from "node:fs/promises";

import type { CheckpointStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";
import type { ActOptions, ActResult, OpenResult } from "@holdpoint/core/holds";

/** Where a process can die in {@link refund}. */
type Place = "asked" | "answered" | "claimed" | "paid";

/** How {@link refund} is run. */
export interface RefundOptions {
  readonly id: string;
  readonly whenInDoubt: NonNullable<ActOptions["whenInDoubt"]>;
  /** A file with a line for each payment: its key. */
  readonly books: string;
  /** Told of each place that is reached, and waited for. @default nobody */
  readonly reached?: ((place: Place) => Promise<void>) | undefined;
}

/** Short, so that nobody waits long for the dead. */
const leaseMs = 400;

/** A program that asks, waits for an answer and pays; run from the top as often as it takes. */
export async function refund(
  store: CheckpointStore,
  { id, whenInDoubt, books, reached = async () => {} }: RefundOptions,
): Promise<{ readonly asked: OpenResult["outcome"]; readonly done: ActResult<string> }> {
  const holds = createHolds(store);
  const asked = await holds.open(id, { ask: { message: "Refund 5000?" }, content: { amount: 5000 } });
  await reached("asked");
  await holds.wait(id);
  await reached("answered");
  const done = await holds.act<string>(
    id,
    async ({ idempotencyKey, attempt }) => {
      await reached("claimed");
      await appendFile(books, `${idempotencyKey}\n`);
      await reached("paid");
      return `paid at attempt ${attempt}`;
    },
    { whenInDoubt, leaseMs },
  );
  return { asked: asked.outcome, done };
}
