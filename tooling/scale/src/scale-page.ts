import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { requestCost } from "./estimates.ts";
import { readFigures } from "./figures.ts";
import { formatMoney, formatSize, twoDigits } from "./format-quantity.ts";
import { readLoadRows } from "./load-rows.ts";
import { s3 } from "./published.ts";
import { memoryTable, moneyTable, requestsTable, storageTable, timeTable } from "./scale-tables.ts";

const hoursPerMonth = 730;

/** docs/scale.md: the words of page.md, with what is reckoned in the places that it names. */
export async function scalePage(): Promise<string> {
  const words = await readFile(join(import.meta.dirname, "page.md"), "utf8");
  const figures = await readFigures();
  const bodyBytes = figures.storage.file?.bodyBytes;
  const places: Readonly<Record<string, string>> = {
    requests: requestsTable(),
    storage: storageTable(figures),
    money: moneyTable(figures),
    time: timeTable(await readLoadRows()),
    memory: memoryTable(figures),
    listedKeys: twoDigits(figures.listing.redis?.keys ?? Number.NaN),
    hourlyListing: formatMoney(requestCost(s3, "list", 1e6) * hoursPerMonth),
    waitingTask: formatSize(bodyBytes?.waiting ?? Number.NaN),
    endedTask: formatSize(bodyBytes?.ended ?? Number.NaN),
    waitingHold: formatSize(bodyBytes?.waitingHold ?? Number.NaN),
    doneHold: formatSize(bodyBytes?.doneHold ?? Number.NaN),
  };
  return words.replaceAll(/\{\{(\w+)\}\}/gu, (_, name: string) => {
    const text = places[name];
    if (text === undefined) throw new Error(`page.md names ${name}, which nothing is reckoned for.`);
    return text;
  });
}
