import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The seconds that a step took for each task. */
export interface SecondsPerTask {
  readonly pause: number;
  readonly resume: number;
  readonly list: number;
  readonly prune: number;
}

const page = join(import.meta.dirname, "../../../docs/reliability.md");

/**
 * What `pnpm load` took with 100 000 tasks on an idle machine, by the names of docs/reliability.md.
 *
 * @throws {Error} if a store is not there
 */
export async function readLoadRows(): Promise<(name: string) => SecondsPerTask> {
  const lines = (await readFile(page, "utf8")).split("\n");
  return (name) => {
    const row = lines.map((line) => line.split("|").map((cell) => cell.trim()));
    const cells = row.find(([, store, tasks]) => store === name && tasks === "100 000");
    if (cells === undefined) throw new Error(`docs/reliability.md has no row of ${name} with 100 000 tasks.`);
    const [pause = 0, resume = 0, list = 0, prune = 0] = cells.slice(3, 7).map((cell) => Number.parseFloat(cell) / 1e5);
    return { pause, resume, list, prune };
  };
}
