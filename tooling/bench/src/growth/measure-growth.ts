import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { benchBackends } from "../bench-backends.ts";
import { ledgerDocuments, seedDocuments } from "./growth-documents.ts";

/** What it takes to work on a store that holds so many documents. */
export interface GrowthRow {
  readonly backend: string;
  readonly documents: number;
  /** The median of a thousand. */
  readonly getMs: number;
  readonly listMs: number;
  readonly pruneMs: number;
}

const execute = promisify(execFile);

// One in ten tasks has ended, for prune to remove.
const endedShare = 0.1;
const counts = [1_000, 10_000, 100_000];
// The emulator gets slower with each document, so that it would take hours to fill.
const largest: Readonly<Record<string, number>> = { gcs: 10_000 };

/** Measures get, list and prune at 10^3, 10^4 and, but for Cloud Storage, 10^5 documents. */
export async function measureGrowth(quick: boolean, onRow: (row: GrowthRow) => void): Promise<readonly GrowthRow[]> {
  const rows: GrowthRow[] = [];
  for (const [name, open] of Object.entries(benchBackends)) {
    const most = quick ? 1_000 : (largest[name] ?? Infinity);
    for (const documents of counts.filter((count) => count <= most)) {
      // A new server for each, so that nothing of the smaller one is left.
      await using backend = await open();
      const directory = await mkdtemp(join(tmpdir(), "holdpoint-growth-"));
      try {
        const url = name === "file" ? directory : backend.url;
        await seedDocuments(name, url, backend.environment, await ledgerDocuments(documents, { endedShare }));
        const row = { backend: name, documents, ...(await runChild(url, documents, backend.environment)) };
        rows.push(row);
        onRow(row);
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    }
  }
  return rows;
}

interface ChildReport extends Omit<GrowthRow, "backend" | "documents"> {
  readonly listed: number;
  readonly pruned: { readonly examined: number; readonly removed: number; readonly compacted: number };
}

async function runChild(
  url: string,
  documents: number,
  environment: Readonly<Record<string, string>>,
): Promise<Omit<GrowthRow, "backend" | "documents">> {
  const main = join(import.meta.dirname, "growth-main.ts");
  const { stdout } = await execute(process.execPath, ["--conditions=source", main, url, String(documents)], {
    env: { ...process.env, ...environment },
  });
  const { listed, pruned, ...figures } = JSON.parse(stdout) as ChildReport;
  const ended = Math.ceil(documents * endedShare);
  if (listed !== documents || pruned.examined !== documents || pruned.removed + pruned.compacted !== ended) {
    throw new Error(`${url}: of ${documents} documents, ${listed} were listed, and pruned: ${JSON.stringify(pruned)}`);
  }
  return figures;
}
