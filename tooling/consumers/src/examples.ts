import { glob, readFile } from "node:fs/promises";
import { basename, join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** A program that a page shows. */
export interface Example {
  /** A file name without its extension. */
  readonly name: string;
  readonly code: string;
  /** The lines that it says it prints; `undefined` if it needs a server, and can only be compiled. */
  readonly prints: readonly string[] | undefined;
}

/** The programs of the READMEs and of the page for authors, as a reader would copy them. */
export async function readExamples(): Promise<readonly Example[]> {
  const examples: Example[] = [];
  const pages = await Array.fromAsync(glob(["README.md", "packages/*/README.md", "docs/authors.md"], { cwd: root }));
  for (const page of pages.toSorted()) {
    const text = await readFile(join(root, page), "utf8");
    for (const [index, [, code = ""]] of [...text.matchAll(/^```ts\n(.*?)^```$/gmsu)].entries()) {
      // Those of several files are tests for Vitest, which run in the environment of that name.
      if (code.includes('from "./') || !code.includes("main(")) continue;
      examples.push({ name: nameOf(page, index), code, prints: linesOf(code) });
    }
  }
  return examples;
}

function nameOf(page: string, index: number): string {
  const folder = page.includes("packages/") ? basename(join(page, "..")) : basename(page, ".md").toLowerCase();
  return `${folder}-${index + 1}`;
}

function linesOf(code: string): readonly string[] | undefined {
  if (/"(?:s3|gs|redis|nats):\/\/|from "@holdpoint\/backend-/u.test(code)) return undefined;
  return Array.from(
    code.matchAll(/console\.log\((?:.*\); \/\/ (.*)|"(.*)"\);)/gu),
    ([, comment, text]) => comment ?? text ?? "",
  );
}
