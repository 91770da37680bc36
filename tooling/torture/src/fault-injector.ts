// Not by the package's name, which brings Vitest along.
import type { PlannedFault, RequestFault } from "../../../packages/conformance/src/faults/fault.ts";
import type { Random } from "./random.ts";
import { countOne } from "./torture-counts.ts";

/** Decides which requests meet a fault, and counts. */
export interface FaultInjector {
  /** Off until it is set. */
  isOn: boolean;
  /** How often each fault has happened. */
  readonly injected: ReadonlyMap<string, number>;
  /**
   * What happens to the next request; mostly nothing.
   *
   * @param possible the faults that can be caused on its connection
   * @param cut breaks that connection
   */
  next(possible: readonly RequestFault[], cut: () => void): PlannedFault | undefined;
}

const weights: Partial<Record<RequestFault, number>> = {
  delay: 12,
  "cut-before-request": 4,
  "cut-within-request": 3,
  "cut-after-commit": 8,
  "cut-within-answer": 3,
  "half-open": 1,
  blackhole: 1,
};
const errorWeight = 2;
const shortSilenceMs = 800;
// Longer than an attempt of the actors' stores.
const longSilenceMs = 2600;
const longShare = 0.15;

/** @param rate the share of requests that meets a fault */
export function createFaultInjector(rate: number, random: Random): FaultInjector {
  const injected = new Map<string, number>();
  const injector: FaultInjector = {
    isOn: false,
    injected,
    next: (possible, cut) => {
      if (!injector.isOn || !random.chance(rate)) return undefined;
      const [first, ...others] = possible.flatMap((fault) => {
        const weight = fault.startsWith("answer:") ? errorWeight : (weights[fault] ?? 0);
        return Array.from({ length: weight }, () => fault);
      });
      if (first === undefined) return undefined;
      const fault = random.pick([first, ...others]);
      const delayMs = random.integer(5, 80);
      const silentMs = random.chance(longShare) ? longSilenceMs : random.integer(100, shortSilenceMs);
      const meanwhile = (): void => {
        countOne(injected, fault);
        // Otherwise a client that has one connection would stay silent for ever.
        if (fault === "half-open" || fault === "blackhole") setTimeout(cut, silentMs);
      };
      return { fault, delayMs, meanwhile };
    },
  };
  return injector;
}
