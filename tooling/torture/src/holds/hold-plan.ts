import type { Random } from "../random.ts";
import type { HoldExpiry } from "./hold-order.ts";
import type { PayeeMood } from "./payee.ts";

/** An answer that somebody gives. */
interface PlannedAnswer {
  readonly by: string;
  readonly decision: "approve" | "reject";
  /** After the question was asked. */
  readonly delayMs: number;
  /** Whether it is given once more by the same person. */
  readonly isRepeated: boolean;
}

/** What will be done with one hold, as far as the seed alone decides. */
export interface HoldPlan {
  readonly id: string;
  readonly whenInDoubt: "stop" | "again";
  readonly approvals: 1 | 2;
  readonly expiry: HoldExpiry | undefined;
  /** Enough of them to decide, whoever comes first. */
  readonly answers: readonly PlannedAnswer[];
  /** How many programs run at once, and how many more do once one has come to its end. */
  readonly programs: number;
  readonly programsAfterwards: number;
  readonly leaseMs: number;
  readonly workMs: readonly [number, number];
  /** What the payee does with the first requests; it pays those that follow. */
  readonly moods: readonly PayeeMood[];
}

const people = ["ada", "bob", "clara", "dora"] as const;
const maxThinkMs = 120;

/** Draws the plan of one hold. */
export function planHold(id: string, leaseMs: number, random: Random): HoldPlan {
  const approvals = random.chance(0.4) ? 2 : 1;
  const expiry = random.chance(0.15)
    ? { expiresInMs: random.integer(20, 2 * maxThinkMs), rejects: random.chance(0.5) }
    : undefined;
  // Whoever rejects ends it; without anybody who does, as many approve as it takes.
  const count = approvals + random.integer(0, 2);
  const answers = people.slice(0, count).map((by): PlannedAnswer => {
    return {
      by,
      decision: random.chance(count > approvals ? 0.2 : 0.05) ? "reject" : "approve",
      delayMs: random.integer(0, maxThinkMs),
      isRepeated: random.chance(0.3),
    };
  });
  return {
    id,
    whenInDoubt: random.pick(["stop", "again"] as const),
    approvals,
    expiry,
    answers,
    programs: random.pick([1, 2, 2, 3] as const),
    programsAfterwards: random.integer(0, 2),
    leaseMs,
    // Now and then longer than it takes to show that the worker lives.
    workMs: random.chance(0.2)
      ? [random.integer(0, leaseMs), random.integer(0, leaseMs)]
      : [random.integer(0, 30), random.integer(0, 30)],
    moods: random.chance(0.4)
      ? Array.from({ length: random.integer(1, 2) }, () => random.pick(["lost", "failed", "refuses", "pays"] as const))
      : [],
  };
}
