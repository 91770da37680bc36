import { createHash } from "node:crypto";

import type { HoldDetails } from "@holdpoint/core/holds";

import type { Delivery } from "./courier.ts";
import type { DeliveryName } from "./delivery-record.ts";

/** When a hold was decided; `undefined` while it is not, and where nothing but a stub is left of it. */
export function decidedAt({ state, pruned, isDue, answer, since }: HoldDetails): Date | undefined {
  if (pruned || isDue || state === "waiting" || state === "corrupt") return undefined;
  return endWithout(state) === undefined ? (answer?.at ?? since) : since;
}

/** How it has ended without an answer, or without one that still counts. */
function endWithout(state: HoldDetails["state"]): "canceled" | "expired" | undefined {
  return state === "canceled" || state === "expired" ? state : undefined;
}

/**
 * What a courier is handed of a decided hold: the same each time, however far the hold has gone on since.
 *
 * @param version the hold's when it was first seen decided
 */
export function makeDelivery(
  courier: string,
  name: DeliveryName,
  hold: HoldDetails,
  version: string,
  at: Date,
): Delivery {
  const { id, state, openedBy, openedAt, labels, answer, endedBy, reason } = hold;
  const ended = endWithout(state);
  const given = ended === undefined ? answer : undefined;
  const what = JSON.stringify([courier, name.id, name.openedAt]);
  return {
    id: `delivery_${createHash("sha256").update(what).digest("hex").slice(0, 32)}`,
    outcome: ended ?? (given?.approving === true ? "answered" : "rejected"),
    hold: { id, version, askedBy: openedBy, openedAt, labels },
    at,
    by: given === undefined ? endedBy : given.byExpiry ? undefined : given.by,
    answer: given,
    reason: ended === undefined ? undefined : reason,
  };
}
