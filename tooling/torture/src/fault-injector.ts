import type { Random } from "./random.ts";

/** What happens to something that a client sends. */
export type Fault =
  /** It arrives later. */
  | { readonly kind: "delay"; readonly delayMs: number }
  /** The connection breaks before any of it arrives. */
  | { readonly kind: "cut before" }
  /** The connection breaks when half of it has arrived. */
  | { readonly kind: "cut within" }
  /** It arrives, and the connection breaks before anybody knows. */
  | { readonly kind: "cut unanswered" }
  /** The server answers it, and the connection breaks before the answer arrives. */
  | { readonly kind: "cut after commit" }
  /** Neither side hears of the other for a while; then the connection breaks. */
  | { readonly kind: "black hole"; readonly holeMs: number };

/** Decides when something breaks, and counts. */
export interface FaultInjector {
  /** Off until it is set. */
  isOn: boolean;
  readonly injected: ReadonlyMap<Fault["kind"], number>;
  /** What happens to the next thing that a client sends; mostly nothing. */
  next(): Fault | undefined;
}

const kinds: readonly [Fault["kind"], ...Fault["kind"][]] = [
  ...Array.from({ length: 8 }, () => "delay" as const),
  "cut before",
  "cut before",
  "cut within",
  "cut within",
  "cut unanswered",
  "cut unanswered",
  "cut unanswered",
  "cut after commit",
  "cut after commit",
  "cut after commit",
  "cut after commit",
  "black hole",
] as unknown as readonly [Fault["kind"], ...Fault["kind"][]];

/** @param rate the share of what clients send that meets a fault */
export function createFaultInjector(rate: number, random: Random): FaultInjector {
  const injected = new Map<Fault["kind"], number>();
  const injector = {
    isOn: false,
    injected,
    next: (): Fault | undefined => {
      if (!injector.isOn || !random.chance(rate)) return undefined;
      const fault = draw(random);
      injected.set(fault.kind, (injected.get(fault.kind) ?? 0) + 1);
      return fault;
    },
  };
  return injector;
}

function draw(random: Random): Fault {
  const kind = random.pick(kinds);
  if (kind === "delay") return { kind, delayMs: random.integer(5, 80) };
  if (kind === "black hole") return { kind, holeMs: random.integer(200, 1200) };
  return { kind };
}
