import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { registerBackend, resolveInstalled } from "./backend-registry.ts";
import type { CheckpointBackend } from "./checkpoint-backend.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { settingOf } from "./setting-of.ts";

const variable = "HOLDPOINT_BACKENDS";

const loaded = new Map<string, Promise<void>>();

/**
 * Registers the backends of the modules that `HOLDPOINT_BACKENDS` names, once each: how a program that cannot be changed,
 * such as an executable of ours, learns of a backend of somebody's own.
 *
 * @throws {CheckpointError} `invalid-argument` if a module cannot be loaded, or exports no backend
 */
export async function registerNamedBackends(environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  const names = settingOf(environment, variable)?.split(",") ?? [];
  for (const name of names.map((each) => each.trim()).filter((each) => each !== "")) {
    let loading = loaded.get(name);
    if (loading === undefined) {
      loading = registerNamed(name);
      loaded.set(name, loading);
    }
    await loading;
  }
}

async function registerNamed(name: string): Promise<void> {
  const { backend } = await importNamed(name);
  if (!isBackend(backend)) throw problem(name, 'exports no `backend` with "name", "schemes", "parseUrl" and "open"');
  registerBackend(backend);
}

async function importNamed(name: string): Promise<{ readonly backend?: unknown }> {
  try {
    const isPath = /^(?:\.{0,2}\/|file:)/u.test(name);
    const url = isPath ? new URL(name, pathToFileURL(`${resolve(".")}/`)).href : resolveInstalled(name);
    if (url === undefined) throw problem(name, "is not installed where this program looks for it");
    // Bundlers are told to leave this alone: which module it is, is not known before.
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ url)) as { readonly backend?: unknown };
  } catch (error) {
    if (CheckpointError.is(error)) throw error;
    throw problem(name, `cannot be loaded (${(error as Error).message})`, error);
  }
}

function isBackend(value: unknown): value is CheckpointBackend {
  const { name, schemes, parseUrl, open } = (value ?? {}) as Partial<Record<keyof CheckpointBackend, unknown>>;
  return (
    typeof name === "string" &&
    Array.isArray(schemes) &&
    schemes.every((scheme) => typeof scheme === "string") &&
    typeof parseUrl === "function" &&
    typeof open === "function"
  );
}

function problem(name: string, what: string, cause?: unknown): CheckpointError {
  return new CheckpointError(
    "invalid-argument",
    `The module ${JSON.stringify(name)}, which ${variable} names, ${what}. Name packages, or paths that begin with / or ./, with commas between them.`,
    { cause },
  );
}
