import { randomUUID } from "node:crypto";
import { join } from "node:path";

import type { KeptCommand } from "./keeper/keeper-messages.ts";
import type { ServerKeeper } from "./keeper/server-keeper.ts";
import { logTail } from "./log-tail.ts";

const progressIntervalMs = 15_000;

/**
 * Runs a command that may take minutes, and says every 15 seconds that it still does.
 *
 * @returns what went wrong, with the end of the command's output, or `undefined`
 */
export async function runLongCommand(
  keeper: ServerKeeper,
  say: (line: string) => void,
  { title, command }: { readonly title: string; readonly command: Omit<KeptCommand, "logFile"> },
): Promise<string | undefined> {
  const startedAtMs = performance.now();
  const elapsed = (): string => `${Math.round((performance.now() - startedAtMs) / 1_000)} s`;
  say(`${title} …`);
  const timer = setInterval(() => say(`${title}: ${elapsed()}`), progressIntervalMs);
  try {
    const logFile = join(keeper.directory, `${randomUUID()}.log`);
    const exit = await keeper.run({ ...command, logFile }).exited;
    if (!exit.ok) return `${exit.reason}:\n${await logTail(logFile)}`;
    say(`${title}: done in ${elapsed()}`);
    return undefined;
  } finally {
    clearInterval(timer);
  }
}
