/** What is under way, and what has been; crosses process boundaries. */
export interface WaitingReport {
  readonly waiting: readonly { readonly what: string; readonly forMs: number }[];
  readonly ended: number;
  readonly slowest: { readonly what: string; readonly tookMs: number } | undefined;
}

/** Keeps track of what is waited for, so that whoever runs out of time can say what it was. */
export class WaitingList {
  readonly #waiting = new Map<symbol, { readonly what: string; readonly since: number }>();
  #ended = 0;
  #slowest: WaitingReport["slowest"];

  /** Begins to wait; what it returns is to be called in the end. */
  begin(what: string): () => void {
    const key = Symbol(what);
    const since = performance.now();
    this.#waiting.set(key, { what, since });
    return () => {
      if (!this.#waiting.delete(key)) return;
      this.#ended += 1;
      const tookMs = performance.now() - since;
      if (tookMs > (this.#slowest?.tookMs ?? 0)) this.#slowest = { what, tookMs };
    };
  }

  get report(): WaitingReport {
    const now = performance.now();
    const waiting = Array.from(this.#waiting.values(), ({ what, since }) => ({ what, forMs: now - since }));
    return { waiting, ended: this.#ended, slowest: this.#slowest };
  }
}

/** Says in words what is waited for, by the names of those who do; `""` for this process alone. */
export function describeWaiting(reports: readonly (readonly [name: string, report: WaitingReport])[]): string {
  const waiting = reports
    .flatMap(([name, report]) => report.waiting.map(({ what, forMs }) => ({ what: what + within(name), forMs })))
    .toSorted((left, right) => right.forMs - left.forMs)
    .map(({ what, forMs }) => `${what}, for ${seconds(forMs)}`);
  const ended = reports.reduce((total, [, report]) => total + report.ended, 0);
  const [slowest] = reports
    .flatMap(([name, { slowest: own }]) =>
      own === undefined ? [] : [{ what: own.what + within(name), ms: own.tookMs }],
    )
    .toSorted((left, right) => right.ms - left.ms);
  const list = waiting.length === 0 ? "nothing of the store's" : waiting.join("; ");
  const before =
    slowest === undefined
      ? ""
      : ` Of ${ended} that had ended, the slowest took ${seconds(slowest.ms)}: ${slowest.what}.`;
  return `It was waiting for: ${list}.${before}`;
}

function within(name: string): string {
  return name === "" ? "" : ` in ${name}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
