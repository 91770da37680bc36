import type { Random } from "./random.ts";

/** A second answer to the same question. */
interface SecondClick {
  /** After the first. */
  readonly delayMs: number;
  /** Whether it reuses the first answer's message id, where its gateway makes ids of the task's. */
  readonly sameId: boolean;
}

/** What will be done with one task, as far as the seed alone decides. */
export interface TaskPlan {
  /** The id of the envelope that starts the task. */
  readonly id: string;
  /** The id in the header `x-asya-a2a-task-id`, if the gateway sets one. */
  readonly a2aTaskId: string | undefined;
  /** The id by which the gateway calls the task: one of those above. */
  readonly calledBy: string;
  /** What the gateway's generation makes the id of an answer of. */
  readonly answerId: "fresh" | "task" | "prefixed";
  /** Whether answers keep their headers on the way; where they do not, their id alone must name the task. */
  readonly keepsHeaders: boolean;
  /** Who says when a message was created: the gateway, once; or the sidecar, anew at each delivery. */
  readonly clock: "gateway" | "sidecar";
  /** Whether answers say how much is left of the task's budget. */
  readonly hasBudget: boolean;
  readonly pausePoints: number;
  /** Whether the answers at all pause points have the same content. */
  readonly repeatsContent: boolean;
  /** By pause point; `undefined` where the person clicks once. */
  readonly secondClicks: readonly (SecondClick | undefined)[];
  readonly payloadBytes: number;
}

/** Draws the plan of one task. */
export function planTask(id: string, random: Random): TaskPlan {
  const a2aTaskId = random.chance(0.4) ? `${id}-a2a` : undefined;
  const answerId = random.pick(["fresh", "task", "prefixed"] as const);
  const pausePoints = random.pick([1, 1, 1, 2, 2, 3] as const);
  return {
    id,
    a2aTaskId,
    calledBy: a2aTaskId !== undefined && random.chance(0.6) ? a2aTaskId : id,
    answerId,
    // Only the generation whose ids name the task drops them.
    keepsHeaders: answerId !== "prefixed" || random.chance(0.5),
    clock: random.pick(["gateway", "gateway", "sidecar"] as const),
    hasBudget: random.chance(0.3),
    pausePoints,
    repeatsContent: random.chance(0.5),
    secondClicks: Array.from({ length: pausePoints }, () =>
      random.chance(0.3) ? { delayMs: random.integer(0, 150), sameId: random.chance(0.4) } : undefined,
    ),
    payloadBytes: random.chance(0.01) ? random.integer(50_000, 200_000) : random.integer(0, 600),
  };
}
