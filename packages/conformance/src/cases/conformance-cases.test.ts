import { expect, test } from "vitest";

import { groupOf } from "../conformance-case.ts";
import { conformanceGroups } from "../conformance-groups.ts";
import { conformanceCases } from "./conformance-cases.ts";

test("every case has an id of its own", () => {
  const ids = conformanceCases.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("every group has cases, in the order of the groups", () => {
  const groups = [...new Set(conformanceCases.map(groupOf))];
  expect(groups).toEqual(conformanceGroups);
});

test.each(conformanceCases)("$id says in one sentence what breaks", ({ breaks }) => {
  expect(breaks).toMatch(/^[A-Z`][^.]*(?:`\.[a-z]+\(\)`[^.]*)?\.$/u);
});
