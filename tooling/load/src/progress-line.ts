import type { WriteStream } from "node:tty";

import { mebibytes } from "./format-report.ts";
import type { LoadProgress } from "./run-load.ts";

const barWidth = 30;
const plainEvery = 5;

/** Shows how far a run is: on a terminal a bar that is drawn anew, elsewhere a line every few seconds. */
export function createProgressLine(output: Pick<WriteStream, "isTTY" | "write">): (progress: LoadProgress) => void {
  let shown = 0;
  return ({ step, done, documents, rssBytes, ended }) => {
    const line = `${step} ${done}/${documents}, ${mebibytes(rssBytes)}`;
    if (output.isTTY) {
      const filled = Math.round(Math.min(1, done / documents) * barWidth);
      const bar = `[${"█".repeat(filled)}${"░".repeat(barWidth - filled)}]`;
      output.write(`\r\u001B[2K${bar} ${line}${ended ? "\n" : ""}`);
      return;
    }
    shown += 1;
    if (ended || shown % plainEvery === 0) output.write(`${line}\n`);
  };
}
