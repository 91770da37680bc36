/** How one case of the conformance suite ended on one store. */
export interface ConformanceMark {
  readonly store: string;
  readonly group: string;
  readonly outcome: "passed" | "refused as declared" | "failed" | "not run";
}

const outcomes = ["passed", "refused as declared", "failed", "not run"] as const;

/**
 * A table of stores by groups, with the number of cases per outcome in each cell; nothing if there are no marks.
 *
 * @example
 * ```ts
 * conformanceTable([{ store: "memory", group: "ttl", outcome: "passed" }]);
 * ```
 */
export function conformanceTable(marks: readonly ConformanceMark[]): string {
  if (marks.length === 0) return "";
  const groups = [...new Set(marks.map((mark) => mark.group))];
  const stores = [...new Set(marks.map((mark) => mark.store))];
  // A column of zeros in every cell says nothing, and usually everything has run.
  const shown = outcomes.filter((outcome) => outcome !== "not run" || marks.some((mark) => mark.outcome === outcome));
  const cells = Map.groupBy(marks, (mark) => JSON.stringify([mark.store, mark.group]));
  const cell = (store: string, group: string): string => {
    const inCell = cells.get(JSON.stringify([store, group]));
    // Not zeros: a group that a store's tests leave out looks different from one in which nothing passes.
    if (inCell === undefined) return "-";
    return shown.map((outcome) => inCell.filter((mark) => mark.outcome === outcome).length).join("/");
  };
  const rows = [["", ...groups], ...stores.map((store) => [store].concat(groups.map((group) => cell(store, group))))];
  const widths = ["", ...groups].map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [`Conformance, backend x group: ${shown.join(" / ")}`, ...lines].join("\n");
}
