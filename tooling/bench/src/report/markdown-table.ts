/** A table of Markdown; all columns but the first stand to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, index) => (index === 0 ? "---" : "---:"));
  return rows.length === 0 ? "" : [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
