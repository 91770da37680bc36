import type { ServerKeeper } from "./keeper/server-keeper.ts";
import type { ServerDefinition } from "./server-definition.ts";

/** What a source has to offer. */
export type SourceAnswer =
  /** A server that somebody else runs. */
  | { readonly kind: "address"; readonly url: string }
  /** An executable to start. */
  | { readonly kind: "binary"; readonly path: string }
  /** A service of `compose.yaml` to start with this client. */
  | { readonly kind: "compose"; readonly docker: string }
  /** Nothing, and why; `final` if the other sources are not to be asked either. */
  | { readonly kind: "none"; readonly reason: string; readonly final?: boolean | undefined }
  /** This source has nothing to do with this server. */
  | { readonly kind: "not-applicable" };

/** What a source works with. */
export interface SourceContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Below it is one directory per server and version. */
  readonly cacheDirectory: string;
  /** Runs what takes long, so that it ends with this process. */
  readonly keeper: () => Promise<ServerKeeper>;
  /** Shows a person what is going on. */
  readonly say: (line: string) => void;
}

/** One of the places that a server may come from. */
export interface ServerSource {
  /** As shown to people. */
  readonly title: string;
  readonly find: (definition: ServerDefinition, context: SourceContext) => Promise<SourceAnswer>;
}
