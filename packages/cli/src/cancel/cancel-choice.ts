import type { Kept } from "../frame/find-kept.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";

/** Options of `holdpoint cancel`. */
export interface CancelChoice extends StoreChoice {
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
  readonly via?: string | undefined;
  readonly kind?: Kept["kind"] | undefined;
  readonly yes?: true | undefined;
  readonly json?: true | undefined;
}
