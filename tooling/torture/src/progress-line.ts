import type { WriteStream } from "node:tty";

const barWidth = 30;
const plainEveryMs = 5000;

/** How far a run is. */
interface Progress {
  readonly what: "tasks" | "holds";
  readonly total: number;
  readonly counts: Readonly<Record<"ended" | "kills" | "serverRestarts" | "lost" | "doubled", number>>;
  readonly faults: ReadonlyMap<string, number>;
  readonly elapsedMs: number;
}

/** Shows how far a run is. */
export interface ProgressLine {
  readonly show: (progress: Progress) => void;
  /** Leaves what was shown last and goes on to the next line. */
  readonly end: () => void;
}

/** On a terminal a bar that is drawn anew, elsewhere a line every few seconds. */
export function createProgressLine(output: Pick<WriteStream, "isTTY" | "write">): ProgressLine {
  let nextPlainMs = plainEveryMs;
  const show = (progress: Progress): void => {
    const { counts, what, total, elapsedMs } = progress;
    const faults = [...progress.faults.values()].reduce((sum, count) => sum + count, 0);
    const restarts = counts.serverRestarts === 0 ? "" : `${counts.serverRestarts} restarts, `;
    const done = `${counts.ended}/${total} ${what}, ${counts.kills} kills, ${restarts}${faults} faults, lost ${counts.lost}, doubled ${counts.doubled}`;
    if (output.isTTY) {
      const filled = Math.round((counts.ended / total) * barWidth);
      output.write(`\r\u001B[2K[${"█".repeat(filled)}${"░".repeat(barWidth - filled)}] ${done}`);
    } else if (elapsedMs >= nextPlainMs) {
      nextPlainMs = elapsedMs + plainEveryMs;
      output.write(`${Math.round(elapsedMs / 1000)} s: ${done}\n`);
    }
  };
  return { show, end: () => void (output.isTTY && output.write("\n")) };
}
