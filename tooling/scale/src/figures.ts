import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { ListingFigures } from "./measure-listing.ts";
import type { StorageFigures } from "./measure-storage.ts";
import type { MeasuredBackend } from "./measured-server.ts";

/** What was measured, by backend. */
export interface Figures {
  readonly storage: Readonly<Partial<Record<MeasuredBackend, StorageFigures>>>;
  readonly listing: Readonly<Partial<Record<MeasuredBackend, ListingFigures>>>;
}

const file = join(import.meta.dirname, "figures.json");

/** The figures that are kept in the repository. */
export async function readFigures(): Promise<Figures> {
  return JSON.parse(await readFile(file, "utf8")) as Figures;
}

/** Keeps a figure for the page, in the place of an older one. */
export async function keepFigures<Kind extends keyof Figures>(
  kind: Kind,
  name: MeasuredBackend,
  figures: Figures[Kind][MeasuredBackend],
): Promise<void> {
  const known = await readFigures();
  const all = { ...known, [kind]: { ...known[kind], [name]: figures } };
  await writeFile(file, `${JSON.stringify(all, undefined, 2)}\n`);
}
