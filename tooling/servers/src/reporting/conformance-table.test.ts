import { expect, test } from "vitest";

import { conformanceTable } from "./conformance-table.ts";

test("counts per store and group", () => {
  const table = conformanceTable([
    { store: "memory", group: "conditions", outcome: "passed" },
    { store: "memory", group: "conditions", outcome: "passed" },
    { store: "memory", group: "ttl", outcome: "passed" },
    { store: "s3 under a prefix", group: "conditions", outcome: "failed" },
    { store: "s3 under a prefix", group: "ttl", outcome: "refused as declared" },
    { store: "nats", group: "ttl", outcome: "passed" },
  ]);
  expect(table).toBe(
    [
      "Conformance, backend x group: passed / refused as declared / failed",
      "                   conditions  ttl",
      "memory             2/0/0       1/0/0",
      "s3 under a prefix  0/0/1       0/1/0",
      "nats               -           1/0/0",
    ].join("\n"),
  );
});

test("cases that have not run get a number of their own", () => {
  expect(conformanceTable([{ store: "nats", group: "ttl", outcome: "not run" }])).toMatch(/not run[^]*0\/0\/0\/1/);
});

test("no marks, no table", () => {
  expect(conformanceTable([])).toBe("");
});
