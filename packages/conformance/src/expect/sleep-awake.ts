import { setTimeout as sleep } from "node:timers/promises";

const tickMs = 10;

/**
 * Waits for `durationMs` in which this process gets to run. A machine that stops the process for seconds stops this
 * clock with it; a single timer would be due at once afterwards, before what arrived meanwhile has been looked at.
 */
export async function sleepAwake(durationMs: number, signal?: AbortSignal): Promise<void> {
  for (let awakeMs = 0; awakeMs < durationMs; awakeMs += tickMs) await sleep(tickMs, undefined, { signal });
}
