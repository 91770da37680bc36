import { markdownTable } from "../../bench/src/report/markdown-table.ts";
import { fastestSeconds, requestCost, storageCost, waitingSeconds } from "./estimates.ts";
import type { Figures } from "./figures.ts";
import { formatMoney, formatSize, formatTime } from "./format-quantity.ts";
import type { SecondsPerTask } from "./load-rows.ts";
import type { StorageFigures } from "./measure-storage.ts";
import type { MeasuredBackend } from "./measured-server.ts";
import type { ObjectStore } from "./published.ts";
import { gcs, s3 } from "./published.ts";
import type { BulkOperation } from "./requests.ts";
import { requestsPerTask } from "./requests.ts";
import type { ServerUsage } from "./server-usage.ts";

const sizes = [1e6, 1e7, 1e8];
const sizeHeads = ["10⁶", "10⁷", "10⁸"];

/** Of which there is room for two beside each other. */
const timedSizes = [1e6, 1e8];

/** How often a store is asked for each task. */
export function requestsTable(): string {
  const operations: readonly (readonly [BulkOperation, string])[] = [
    ["pause", "pause"],
    ["resume", "resume"],
    ["list", "`ls`"],
    ["prune", "`prune`"],
    ["copyFrom", "`copy` from it"],
    ["copyTo", "`copy` to it"],
  ];
  const rows = operations.map(([operation, label]) => {
    const { reads, writes, deletes, listings } = requestsPerTask(operation);
    return [label, String(reads), String(writes), String(deletes), String(listings)];
  });
  return markdownTable(["for each task", "reads", "writes", "deletions", "listings of all keys"], rows);
}

/** What a store takes for tasks that wait, and for tasks that have ended. */
export function storageTable(figures: Figures): string {
  const object = storageOf(figures, "minio");
  const { waiting, ended } = object.bodyBytes;
  const rows = [
    storageRow("S3, Cloud Storage: what is billed", waiting, ended),
    measuredRow("file: disk", storageOf(figures, "file"), "diskBytes"),
    measuredRow("MinIO, one drive: disk", object, "diskBytes"),
    measuredRow("Redis: memory", storageOf(figures, "redis"), "memoryBytes"),
    measuredRow("Redis Cluster: memory of all masters", storageOf(figures, "redis-cluster"), "memoryBytes"),
    measuredRow("NATS KV: disk", storageOf(figures, "nats"), "diskBytes"),
    measuredRow("PostgreSQL: table and index", storageOf(figures, "postgres"), "diskBytes"),
  ];
  return markdownTable(["", "a waiting task", "an ended one", ...sizeHeads.map((head) => `${head} waiting`)], rows);
}

function measuredRow(label: string, { tasks, usage }: StorageFigures, kind: keyof ServerUsage): readonly string[] {
  const perTask = (state: keyof typeof usage): number => ((usage[state][kind] ?? 0) - (usage.empty[kind] ?? 0)) / tasks;
  return storageRow(label, perTask("waiting"), perTask("ended"));
}

function storageRow(label: string, waiting: number, ended: number): readonly string[] {
  return [label, ...[waiting, ended, ...sizes.map((tasks) => tasks * waiting)].map(formatSize)];
}

/** What an object store costs. */
export function moneyTable(figures: Figures): string {
  const { waiting } = storageOf(figures, "minio").bodyBytes;
  return markdownTable(
    ["", ...[s3, gcs].flatMap(({ name }) => sizeHeads.map((head) => `${name}, ${head}`))],
    [
      ["kept waiting for a month", ...moneyFor((store, tasks) => storageCost(store, tasks * waiting))],
      [
        "each paused and resumed once",
        ...moneyFor((store, tasks) => requestCost(store, "pause", tasks) + requestCost(store, "resume", tasks)),
      ],
      ["one `ls`, or one `prune`", ...moneyFor((store, tasks) => requestCost(store, "list", tasks))],
      ["one `copy` from it", ...moneyFor((store, tasks) => requestCost(store, "copyFrom", tasks))],
      ["one `copy` to it", ...moneyFor((store, tasks) => requestCost(store, "copyTo", tasks))],
    ],
  );
}

function moneyFor(cost: (store: ObjectStore, tasks: number) => number): readonly string[] {
  return [s3, gcs].flatMap((store) => sizes.map((tasks) => formatMoney(cost(store, tasks))));
}

/** How long it takes to go through all tasks. */
export function timeTable(rowOf: (name: string) => SecondsPerTask): string {
  const measured = (name: string): string[] => {
    const { list, prune } = rowOf(name);
    // A listing reads each document once; a prune reads and changes it.
    const perTask = [list, prune, 3 * list, prune];
    return [name, ...perTask.flatMap((seconds) => timedSizes.map((tasks) => formatTime(tasks * seconds)))];
  };
  return markdownTable(
    ["", ...["`ls`", "`prune`", "`copy` from it", "`copy` to it"].flatMap((name) => [`${name}, 10⁶`, "10⁸"])],
    [
      objectTimes(s3),
      objectTimes(gcs),
      ...["file", "MinIO client", "Redis", "Redis Cluster", "NATS KV", "PostgreSQL"].map(measured),
    ],
  );
}

function objectTimes(store: ObjectStore): readonly string[] {
  const operations = ["list", "prune", "copyFrom", "copyTo"] as const;
  const times = operations.flatMap((operation) =>
    timedSizes.map((tasks) => {
      const fastest = fastestSeconds(store, operation, tasks);
      return `${formatTime(waitingSeconds(operation, tasks))} (${formatTime(fastest)})`;
    }),
  );
  return [store.name, ...times];
}

/** What whoever lists holds in memory. */
export function memoryTable({ listing }: Figures): string {
  const rows = Object.entries(listing).map(([name, { bytesPerKey }]) =>
    [name].concat([1, ...sizes].map((keys) => formatSize(keys * bytesPerKey))),
  );
  return markdownTable(["", "for each key", ...sizeHeads], rows);
}

function storageOf({ storage }: Figures, name: MeasuredBackend): StorageFigures {
  const found = storage[name];
  if (found === undefined) throw new Error(`There are no figures of ${name}: pnpm scale --storage ${name}`);
  return found;
}
