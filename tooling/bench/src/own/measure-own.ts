import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import type { Spread } from "../statistics.ts";
import type { OwnStep } from "./own-work.ts";

/** What one step of our own work takes, garbage collection included. */
export interface OwnRow extends Omit<OwnStep, "run"> {
  /** Processor time of the process, in microseconds. */
  readonly cpuUs: Spread;
  /** That by what the JSON round trip takes in the same round. */
  readonly ratio: Spread;
}

const execute = promisify(execFile);

/** Measures what our own code costs where there is no server: on the store in memory, in a process of its own. */
export async function measureOwn(quick: boolean, onRow: (row: OwnRow) => void): Promise<readonly OwnRow[]> {
  const main = join(import.meta.dirname, "own-main.ts");
  const { stdout } = await execute(process.execPath, ["--conditions=source", main, quick ? "11" : "41"]);
  const rows = JSON.parse(stdout) as readonly OwnRow[];
  for (const row of rows) onRow(row);
  return rows;
}
