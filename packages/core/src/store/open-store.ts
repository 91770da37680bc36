import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import type { FileStoreOptions } from "../drivers/file/file-store.ts";
import type { MemoryStoreOptions } from "../drivers/memory-store.ts";
import { findBackend } from "./backend-registry.ts";
import type { CheckpointBackend } from "./checkpoint-backend.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import type { StoreOptions } from "./store-options.ts";

/**
 * The options type of each backend by its name. Importing a backend's package adds that backend.
 */
export interface StoreConfigs {
  file: FileStoreOptions;
  memory: MemoryStoreOptions;
}

/** A backend's name together with its options. */
export type StoreConfig = {
  [Name in keyof StoreConfigs]: { readonly backend: Name } & StoreConfigs[Name];
}[keyof StoreConfigs];

/** Options of {@link openStore}. */
export interface OpenStoreOptions extends StoreOptions {
  /** Where variables are looked up that a URL does not give. @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Opens the store that a URL, a path or a config object describes, and makes sure that it can be used.
 *
 * @example
 * ```ts
 * await using store = await openStore("s3://asya-checkpoints/team-a?region=eu-west-1");
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
  const { environment = process.env, ...storeOptions } = options;
  if (typeof from === "object" && !isUrl(from)) {
    const { backend: name, ...config } = from;
    const backend = await findBackend("name", name);
    return await backend.open({ ...storeOptions, ...config });
  }
  const given = typeof from === "string" ? from : new URL(from);
  const scheme = typeof given === "string" ? schemeOf(given) : given.protocol.slice(0, -1);
  const backend: CheckpointBackend = await findBackend("scheme", scheme ?? "file");
  const url = typeof given === "string" ? parseStoreUrl(given, scheme, backend) : given;
  return await backend.open({ ...backend.parseUrl(url, environment), ...storeOptions });
}

/** The scheme of a URL; `undefined` for a path. */
function schemeOf(text: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):/iu.exec(text)?.[1]?.toLowerCase();
}

/** Also of another realm, where `URL` is another class. */
function isUrl(from: URL | StoreConfig): from is URL {
  return "href" in from;
}

/** @throws {CheckpointError} `invalid-argument`; the message does not repeat what may hold a password */
function parseStoreUrl(text: string, scheme: string | undefined, { hostLists = false }: CheckpointBackend): URL {
  if (scheme === undefined) {
    if (text.trim() === "") throw new CheckpointError("invalid-argument", "The store URL is empty.");
    return pathToFileURL(resolve(text));
  }
  // The URL parser takes `file:state` for `/state`, which is another directory than was meant.
  if (scheme === "file" && !/^file:\/\//iu.test(text)) {
    throw new CheckpointError(
      "invalid-argument",
      `The store URL ${JSON.stringify(text)} is not absolute. Write file:///directory, or the path alone.`,
    );
  }
  try {
    return new URL(hostLists ? withHostList(text) : text);
  } catch {
    throw new CheckpointError(
      "invalid-argument",
      `The store URL with the scheme ${JSON.stringify(scheme)} is not a URL. Special characters in a user name or password must be percent-encoded.`,
    );
  }
}

/** Makes one host of several in the eyes of the URL parser, which knows only one. */
function withHostList(text: string): string {
  return text.replace(
    /^([^/?#]*\/\/(?:[^/?#]*@)?)([^/?#@]*,[^/?#@]*?)(:\d*)?(?=[/?#]|$)/u,
    (_, before, hosts, port = "") => {
      return `${before}${String(hosts).replaceAll(/[:[\],]/gu, encodeURIComponent)}${port}`;
    },
  );
}
