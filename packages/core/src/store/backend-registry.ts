import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { fileBackend } from "../drivers/file/file-store.ts";
import { memoryBackend } from "../drivers/memory-store.ts";
import type { CheckpointBackend } from "./checkpoint-backend.ts";
import { CheckpointError } from "./checkpoint-error.ts";

/** Where a backend that is not part of this package comes from. */
interface BackendModule {
  readonly name: string;
  readonly schemes: readonly string[];
  readonly module: string;
}

const installable: readonly BackendModule[] = [
  { name: "s3", schemes: ["s3"], module: "@holdpoint/backend-s3" },
  { name: "minio", schemes: ["minio"], module: "@holdpoint/backend-s3/minio" },
  { name: "gcs", schemes: ["gs"], module: "@holdpoint/backend-gcs" },
  { name: "redis", schemes: ["redis", "rediss"], module: "@holdpoint/backend-redis" },
  { name: "postgres", schemes: ["postgres", "postgresql"], module: "@holdpoint/backend-postgres" },
  { name: "nats", schemes: ["nats"], module: "@holdpoint/backend-nats" },
];

const registered: CheckpointBackend[] = [fileBackend, memoryBackend];

/**
 * Makes a backend's schemes and name known to {@link openStore}. A later registration wins over an earlier one.
 *
 * @example
 * ```ts
 * registerBackend(acmeBackend);
 * await using store = await openStore("acme://shelf-7");
 * ```
 */
export function registerBackend<Options extends object>(backend: CheckpointBackend<Options>): void {
  registered.unshift(backend);
}

/**
 * Finds a backend by URL scheme or by name, and loads its package if need be.
 *
 * @example
 * ```ts
 * const backend = await findBackend("scheme", "redis");
 * ```
 * @throws {CheckpointError} `invalid-argument` if nobody has that scheme or name, or if its package is not installed
 */
export async function findBackend(by: "scheme" | "name", value: string): Promise<CheckpointBackend> {
  const matches = (backend: { readonly name: string; readonly schemes: readonly string[] }): boolean =>
    by === "name" ? backend.name === value : backend.schemes.includes(value);
  const known = registered.find(matches);
  if (known !== undefined) return known;
  const entry = installable.find(matches);
  if (entry !== undefined) return await loadBackend(entry);
  const names = [...registered, ...installable].flatMap((backend) => (by === "name" ? backend.name : backend.schemes));
  throw new CheckpointError(
    "invalid-argument",
    `There is no backend with the ${by} ${JSON.stringify(value)}; known are: ${[...new Set(names)].join(", ")}.`,
  );
}

/**
 * Every backend that is registered or installed; loads the packages of all of them.
 *
 * @example
 * ```ts
 * const names = (await installedBackends()).map(({ name }) => name);
 * ```
 * @throws {Error} what loading a package throws
 */
export async function installedBackends(): Promise<readonly CheckpointBackend[]> {
  const missing = installable.filter(
    ({ name, module }) =>
      !registered.some((backend) => backend.name === name) && resolveInstalled(module) !== undefined,
  );
  return [...registered, ...(await Promise.all(missing.map(loadBackend)))];
}

async function loadBackend({ module }: BackendModule): Promise<CheckpointBackend> {
  const url = resolveInstalled(module);
  if (url === undefined) {
    throw new CheckpointError("invalid-argument", missingBackend(module));
  }
  // Bundlers are told to leave this alone: it is a file beside the bundle.
  const { backend } = (await import(/* webpackIgnore: true */ /* @vite-ignore */ url)) as {
    readonly backend: CheckpointBackend;
  };
  return backend;
}

/** A bundle looks like a program without the package: what is loaded by its name cannot be in it. */
function missingBackend(module: string): string {
  const packageName = module.split("/", 2).join("/");
  return (
    `The package ${packageName} is not installed where this program looks for it. ` +
    `Install it beside @holdpoint/core: npm install ${packageName}. ` +
    `If the program is a bundle, let the bundle hold it: import { backend } from "${module}", and call registerBackend(backend) of @holdpoint/core.`
  );
}

/**
 * Package managers that do not hoist hide an application's packages from this one. So the application is asked too:
 * the script that was started, and the working directory.
 */
export function resolveInstalled(module: string): string | undefined {
  const importers = [import.meta.filename, process.argv[1], `${process.cwd()}/package.json`];
  for (const importer of importers) {
    if (importer === undefined) continue;
    try {
      return pathToFileURL(createRequire(importer).resolve(module)).href;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return undefined;
}
