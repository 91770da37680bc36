/** A process that the keeper starts and does not let outlive the program that asked for it. */
export interface KeptCommand {
  readonly command: string;
  readonly arguments: readonly string[];
  /** Set in addition to the environment of the keeper. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly directory?: string | undefined;
  /** What the process prints goes here. */
  readonly logFile: string;
  /** Matched against each line that the process prints. */
  readonly readyLine?: RegExp | undefined;
  /**
   * What happens to the process at the end: most are killed, as nothing that they hold is wanted any more; a package
   * manager is left to finish, because half an installation is worse than a late end. @default "kill"
   */
  readonly atEnd?: "kill" | "finish" | undefined;
  /** Run after the process has gone, for what it does not take with it. */
  readonly cleanUp?: { readonly command: string; readonly arguments: readonly string[] } | undefined;
}

/** What the keeper is asked. */
export type KeeperRequest =
  | { readonly kind: "start"; readonly id: number; readonly command: KeptCommand }
  | { readonly kind: "stop"; readonly id: number }
  | { readonly kind: "remove-at-end"; readonly path: string }
  | { readonly kind: "keep-at-end"; readonly path: string };

/** What the keeper reports. */
export type KeeperReport =
  /** It is up; `directory` is for files that may be removed at the end. */
  | { readonly kind: "up"; readonly directory: string }
  | { readonly kind: "ready"; readonly id: number }
  | { readonly kind: "exited"; readonly id: number; readonly reason: string; readonly ok: boolean };
