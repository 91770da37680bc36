import { glob, readFile } from "node:fs/promises";

import { expect, test } from "vitest";

const root = new URL("../../../", import.meta.url);
const read = async (path: string): Promise<string> => await readFile(new URL(path, root), "utf8");
const readme = await read("packages/actors/README.md");
const rows = [...readme.matchAll(/^\| (`\w+Error`.*) \| .* \| (yes|no)[^|]*\|$/gmu)].map(([, names = "", again]) => ({
  names: [...names.matchAll(/`(\w+)`/gu)].map(([, name = ""]) => name),
  again,
}));
const hopeless = rows.filter(({ again }) => again === "no").flatMap(({ names }) => names);
// One that is a kind of the other in its row need not be listed.
const listed = hopeless.filter((name) => name !== "MessageTooLargeError");

test("the list in the README holds exactly what its table says is not worth another attempt", () => {
  const [, list = ""] = /^ASYA_RESILIENCY_NON_RETRYABLE_ERRORS=(.*)$/mu.exec(readme) ?? [];
  expect(list.split(",").toSorted()).toEqual(listed.toSorted());
  expect(listed.length).toBeGreaterThan(8);
});

const manifests = await Array.fromAsync(glob("deploy/**/x-{pause,resume}.yaml", { cwd: root.pathname }));

test.each(manifests)("%s says the same", async (path) => {
  const text = await read(path);
  const [, entries = ""] = /nonRetryableErrors:\n((?: +- \w+\n?)+)/u.exec(text) ?? [];
  const [, variable = ""] = /NON_RETRYABLE_ERRORS\n +value: (.*)/u.exec(text) ?? [];
  const names = [...entries.matchAll(/- (\w+)/gu)].map(([, name = ""]) => name).concat(variable.split(","));
  // The ledger's own refusals are all of one family, and crew actors have no handler whose reply could be none.
  const ofLedger = new Set([
    "InvalidMessageError",
    "InvalidInputError",
    "TaskNotFoundError",
    "AlreadyResumedError",
    "TaskCanceledError",
    "AmbiguousTaskError",
    "RepeatedResumeError",
    "InvalidReplyError",
  ]);
  const expected = ["LedgerError", ...listed.filter((name) => !ofLedger.has(name))];
  expect(names.filter((name) => name !== "").toSorted()).toEqual(expected.toSorted());
});

test("there are manifests to look at", () => {
  expect(manifests.length).toBeGreaterThan(10);
});
