import { constants } from "node:os";

/**
 * Ends the process on SIGTERM or SIGINT, after `close` has done its work; with an exit code of 0 if it resolves to
 * `true`. A second signal ends it at once. Returns a function that takes this back.
 *
 * @example
 * ```ts
 * const stopListening = stopOnSignals(() => server.close());
 * ```
 */
export function stopOnSignals(close: () => Promise<boolean>): () => void {
  const signals = ["SIGTERM", "SIGINT"] as const;
  let stopping = false;
  const onSignal = (signal: (typeof signals)[number]): void => {
    if (stopping) process.exit(128 + constants.signals[signal]);
    stopping = true;
    close().then(
      (finished) => process.exit(finished ? 0 : 1),
      () => process.exit(1),
    );
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    // While the process is ending, the signals stay ours: their default would cut the ending short.
    if (stopping) return;
    for (const signal of signals) process.off(signal, onSignal);
  };
}
