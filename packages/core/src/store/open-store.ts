import type { FileStoreOptions } from "../drivers/file/file-store.ts";
import type { MemoryStoreOptions } from "../drivers/memory-store.ts";
import { registerNamedBackends } from "./backend-modules.ts";
import { findBackend } from "./backend-registry.ts";
import type { CheckpointBackend } from "./checkpoint-backend.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import type { StoreOptions } from "./store-options.ts";
import { readStoreText, schemeOfStore } from "./store-text.ts";

/**
 * The options type of each backend by its name. Importing a backend's package adds that backend, so a program that
 * opens `{ backend: "s3", … }` has `import "@holdpoint/backend-s3"` in some file of its own; without it TypeScript
 * knows `file` and `memory` alone. A URL needs no import: `openStore("s3://…")` finds the package that is installed.
 *
 * @example
 * ```ts
 * import "@holdpoint/backend-s3";
 * import { openStore } from "@holdpoint/core";
 *
 * await using store = await openStore({ backend: "s3", bucket: "checkpoints", prefix: "team-a" });
 * ```
 */
export interface StoreConfigs {
  file: FileStoreOptions;
  memory: MemoryStoreOptions;
}

/** A backend's name together with its options, of those backends whose packages are imported: see {@link StoreConfigs}. */
export type StoreConfig = {
  [Name in keyof StoreConfigs]: { readonly backend: Name } & StoreConfigs[Name];
}[keyof StoreConfigs];

/** Options of {@link openStore}. */
export interface OpenStoreOptions extends StoreOptions {
  /** Where variables are looked up that a URL does not give. @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Opens the store that a URL, a path or a config object describes, and makes sure that it can be used. Backends are those
 * of ours that are installed, those that were registered with {@link registerBackend}, and those of the modules that the
 * variable `HOLDPOINT_BACKENDS` names.
 *
 * @example
 * ```ts
 * await using store = await openStore("s3://checkpoints/team-a?region=eu-west-1");
 * ```
 * @example
 * ```ts
 * await using store = await openStore({ backend: "file", directory: "/state" });
 * ```
 * @throws {CheckpointError} `invalid-argument`, also if the backend's package is not installed; `not-found`,
 * `permission-denied`, `unavailable`, `timeout`, `unsupported` if the server cannot be used, or Node.js is too old
 */
export async function openStore(
  from: string | URL | StoreConfig,
  options: OpenStoreOptions = {},
): Promise<CheckpointStore> {
  assertSource(from);
  const { environment = process.env, ...storeOptions } = options;
  await registerNamedBackends(environment);
  if (typeof from === "object" && !isUrl(from)) {
    const { backend: name, ...config } = from;
    const backend = await findBackend("name", name);
    return await backend.open({ ...storeOptions, ...config });
  }
  const text = typeof from === "string" ? from : from.href;
  const scheme = schemeOfStore(text);
  const backend: CheckpointBackend = await findBackend("scheme", scheme ?? "file");
  const url = readStoreText(text, backend);
  return await backend.open({ ...backend.parseUrl(url, environment), ...storeOptions });
}

/** A variable that is not set is what most programs hand over by mistake. */
function assertSource(from: unknown): void {
  if (typeof from === "string" || (typeof from === "object" && from !== null)) return;
  throw new CheckpointError(
    "invalid-argument",
    `The store: expected a URL, a directory or a config object, and found ${from === null ? "null" : typeof from}. Where a variable names it, check that the variable is set.`,
  );
}

/** Also of another realm, where `URL` is another class. */
function isUrl(from: URL | StoreConfig): from is URL {
  return "href" in from;
}
