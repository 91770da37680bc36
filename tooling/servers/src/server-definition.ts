/** The servers that tests know, by the names that projects ask for. */
export const serverNames = ["minio", "redis", "redis-cluster", "nats", "gcs", "postgres", "pgbouncer"] as const;

/** One of {@link serverNames}. */
export type ServerName = (typeof serverNames)[number];

/** Where the executable of a server comes from when it has to be found or built. */
export interface ServerBinary {
  /** The file's name, for example `"redis-server"`. */
  readonly command: string;
  /** The oldest release that will do, and the arguments that print the release. */
  readonly oldest?: { readonly version: string; readonly versionArguments: readonly string[] } | undefined;
  /** What `go install` builds, at the pinned version. */
  readonly goModule?: { readonly path: string; readonly version: string } | undefined;
  /** Where it may be besides PATH. @default nowhere */
  readonly directories?: (() => readonly string[]) | undefined;
  /** The package of Debian that has it, or several with a space between them. */
  readonly debianPackage?: string | undefined;
}

/** One process of a server, ready to be started. */
interface ServerProcess {
  /** What a shell runs instead: it finds the executable as `$0`, and the arguments as `$1` and so on. @default none */
  readonly script?: string | undefined;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** A directory that must exist when the process starts. */
  readonly directory: string;
}

/** Everything that is particular to one server. */
export interface ServerDefinition {
  readonly name: ServerName;
  /** The variable that tests read the address from, and that a person may set beforehand. */
  readonly environmentVariable: string;
  readonly binary: ServerBinary;
  /** What `compose.yaml` has instead. */
  readonly compose: {
    readonly service: string;
    /** The variables for the published ports. */
    readonly portVariables: readonly string[];
    /** @default the `readyLine` of the process */
    readonly readyLine?: RegExp | undefined;
  };
  readonly portCount: number;
  /** How far above each port the server takes another one. @default none */
  readonly extraPortOffset?: number | undefined;
  /**
   * A line that the process itself prints once it listens. A port that answers is not enough: it may be another run's
   * server that took the port a moment earlier.
   */
  readonly readyLine: RegExp;
  /** The processes to start on `ports`, with their data below `directory`. */
  processes(ports: readonly number[], directory: string): readonly ServerProcess[];
  /** What is left to do once every process is ready, for example joining them to a cluster; a container does it for itself. */
  prepare?(ports: readonly number[]): Promise<void>;
  /** The address for the tests. */
  url(ports: readonly number[]): string;
}

/**
 * An element that must be there, such as one port of as many as were asked for.
 *
 * @throws {RangeError} if it is not
 */
export function at<Element>(elements: readonly Element[], index: number): Element {
  const element = elements[index];
  if (element === undefined) throw new RangeError(`no element ${index} among ${elements.length}`);
  return element;
}
