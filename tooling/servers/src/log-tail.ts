import { readFile } from "node:fs/promises";

const lineLimit = 15;

/** The last lines of a log file, indented for quoting; never rejects. */
export async function logTail(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  const lines = text.trimEnd().split("\n").slice(-lineLimit);
  return lines.join("") === "" ? "    (it printed nothing)" : lines.map((line) => `    ${line}`).join("\n");
}
