import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";

/** What this needs of a package.json. */
export interface TypedManifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>> | undefined;
  readonly publishConfig?: { readonly exports?: Readonly<Record<string, unknown>> | undefined } | undefined;
}

/**
 * The packages that somebody needs who imports a built package in TypeScript: all that its declarations import, from the
 * entries on. `@types/node` stands for what is Node's.
 */
export async function neededByTypes(directory: string, manifest: TypedManifest): Promise<ReadonlySet<string>> {
  const needed = new Set<string>();
  const seen = new Set<string>();
  const waiting = entriesOf(manifest).map((entry) => join(directory, entry));
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const text = withoutComments(await readFile(file, "utf8"));
    for (const name of importsOf(text)) {
      if (name.startsWith(".")) waiting.push(join(dirname(file), name.replace(/\.[jt]s$/u, ".d.ts")));
      else if (isBuiltin(name)) needed.add("@types/node");
      else if (packageOf(name) !== manifest.name) needed.add(packageOf(name));
    }
    // What TypeScript itself knows of these comes with the types of a browser.
    if (/\b(?:Buffer|NodeJS|URL|AbortSignal)\b/u.test(text)) needed.add("@types/node");
  }
  return needed;
}

/** The declarations of every entry. */
function entriesOf({ exports, publishConfig }: TypedManifest): readonly string[] {
  return Object.values(publishConfig?.exports ?? exports ?? {}).flatMap((entry) => {
    const { types } = (typeof entry === "object" && entry !== null ? entry : {}) as { readonly types?: unknown };
    return typeof types === "string" ? [types] : [];
  });
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[^]*?\*\//gu, "").replaceAll(/^\s*\/\/.*$/gmu, "");
}

function importsOf(text: string): readonly string[] {
  const statements = text.matchAll(
    /^(?:import|export)\b[^;]*?\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gmu,
  );
  return Array.from(statements, ([, from, bare, inline]) => from ?? bare ?? inline ?? "");
}

function packageOf(name: string): string {
  return name.split("/", name.startsWith("@") ? 2 : 1).join("/");
}
