import type { CheckpointStore } from "./checkpoint-store.ts";
import type { StoreOptions } from "./store-options.ts";
import type { StorePlace } from "./store-place.ts";

/**
 * A backend as {@link openStore} finds it: by the scheme of a URL, or by its name in a config object.
 * A backend package exports one, named `backend`, from its main entry.
 *
 * @example
 * ```ts
 * export const backend: CheckpointBackend<AcmeStoreOptions> = {
 *   name: "acme",
 *   schemes: ["acme"],
 *   open: createAcmeStore,
 *   parseUrl: parseAcmeUrl,
 * };
 * ```
 */
export interface CheckpointBackend<Options extends object = object> {
  readonly name: string;
  /** URL schemes without the colon. */
  readonly schemes: readonly string[];
  /**
   * Whether its URLs may name several hosts with a port each, `host-1:5432,host-2:5432`, which is no URL to most programs.
   * `parseUrl` then finds the list in `hostname`, percent-encoded, without the port of the last one, which is in `port`.
   *
   * @default false
   */
  readonly hostLists?: boolean | undefined;
  /**
   * The variables of the environment that say where a store is and how it is reached, where its URL does not.
   *
   * @default none
   */
  readonly variables?: readonly string[] | undefined;
  /**
   * What the server must permit for keys to be listed, in its own words.
   *
   * @default unknown
   */
  readonly listPermission?: string | undefined;
  /**
   * Reads a URL, and where the URL is silent the environment, into options; touches no network.
   *
   * @throws {CheckpointError} `invalid-argument`, for example for an option that does not exist
   */
  parseUrl(url: URL, environment: Readonly<Record<string, string | undefined>>): Options;
  /**
   * Connects and makes sure that the server can keep the promises of a store.
   *
   * @throws {CheckpointError} `invalid-argument`, `not-found`, `permission-denied`, `unavailable`, `timeout`,
   * `unsupported`
   */
  open(options: Options & StoreOptions): Promise<CheckpointStore>;
  /**
   * Where the values of a store lie whose `location` this is; the same for every spelling. Without it only equal locations
   * are one place.
   */
  placeOf?(location: URL): StorePlace;
}
