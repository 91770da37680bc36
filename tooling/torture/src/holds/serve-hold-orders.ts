import { setTimeout as sleep } from "node:timers/promises";

import { CheckpointError, openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { createHolds as createRealHolds, HoldError, NotApplied } from "@holdpoint/core/holds";
import type { Holds, HoldRequest } from "@holdpoint/core/holds";

import type { FromWorker, HoldFailure, HoldOrder, HoldReport, Payment, PaymentAnswer, ToWorker } from "./hold-order.ts";

const waitMs = 300;

/** Carries out orders of the parent process, any number at a time, until it goes away. */
export async function serveHoldOrders(
  createHolds: (store: CheckpointStore) => Holds = (store) => createRealHolds(store, { expiryMarginMs: 0 }),
): Promise<void> {
  const store = await openStore(process.env["HOLDPOINT_STORE"] ?? "");
  const holds = createHolds(store);
  const payments = new Map<number, (answer: PaymentAnswer) => void>();
  let sent = 0;
  const pay = async (what: Payment): Promise<PaymentAnswer> => {
    sent += 1;
    const { promise, resolve } = Promise.withResolvers<PaymentAnswer>();
    payments.set(sent, resolve);
    send({ payment: sent, what });
    return await promise;
  };
  process.on("message", (message: ToWorker) => {
    if ("payment" in message) payments.get(message.payment)?.(message.answer);
    else void carryOut(holds, message.what, pay).then((report) => send({ order: message.order, report }));
  });
  process.on("disconnect", () => process.exit());
  send({ ready: true });
}

function send(message: FromWorker): void {
  process.send?.(message);
}

async function carryOut(
  holds: Holds,
  order: HoldOrder,
  pay: (payment: Payment) => Promise<PaymentAnswer>,
): Promise<HoldReport> {
  let asked: string | undefined;
  try {
    switch (order.step) {
      case "run": {
        ({ outcome: asked } = await holds.open(order.id, requestOf(order)));
        await holds.wait(order.id, { waitMs });
        return { asked, ...(await act(holds, order, pay)) };
      }
      case "answer": {
        const by = { issuer: "https://login.example.com", subject: order.by };
        return { outcome: (await holds.answer(order.id, { decision: order.decision }, { by })).outcome };
      }
      case "look": {
        const details = await holds.inspect(order.id);
        return { seen: details === null ? undefined : { state: details.state, attempt: details.claim?.attempt } };
      }
      case "settle": {
        const settlement = order.applied
          ? ({ applied: true, receipt: "settled" } as const)
          : { applied: false as const };
        await holds.settle(order.id, settlement, { by: "auditor", attempt: order.attempt, ifActing: "refuse" });
        return { outcome: "settled" };
      }
    }
  } catch (error) {
    return { asked, error: failureOf(error) };
  }
}

function requestOf({ id, approvals, expiry }: Extract<HoldOrder, { step: "run" }>): HoldRequest {
  return {
    ask: { message: `Refund ${id}?`, decisions: ["approve", "reject"] },
    content: { refund: id },
    approvals,
    ...(expiry === undefined
      ? {}
      : {
          expiresInMs: expiry.expiresInMs,
          onExpiry: expiry.rejects ? { decision: "reject", comment: "nobody answered" } : "cancel",
        }),
  };
}

async function act(
  holds: Holds,
  { id, whenInDoubt, leaseMs, workMs: [beforeMs, afterMs] }: Extract<HoldOrder, { step: "run" }>,
  pay: (payment: Payment) => Promise<PaymentAnswer>,
): Promise<HoldReport> {
  const done = await holds.act<string>(
    id,
    async ({ idempotencyKey, attempt }) => {
      await sleep(beforeMs);
      const answer = await pay({ id, key: idempotencyKey, attempt });
      if (answer === "refused") throw new NotApplied("the payee refused");
      if (answer === "timed-out") throw new Error("the payee did not answer");
      await sleep(afterMs);
      return `attempt ${attempt}`;
    },
    { whenInDoubt, leaseMs },
  );
  return done.outcome === "done"
    ? { outcome: "done", ran: done.ran, receipt: done.omitted ?? done.receipt }
    : { outcome: done.outcome };
}

function failureOf(error: unknown): HoldFailure {
  const { name, message } = error instanceof Error ? error : { name: "unknown", message: String(error) };
  const code = HoldError.is(error) || CheckpointError.is(error) ? error.code : undefined;
  return { name, code, message, isUnknown: CheckpointError.is(error) && error.outcome === "unknown" };
}
