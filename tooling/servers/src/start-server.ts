import { serverCacheDirectory } from "./cache-directory.ts";
import { ServerKeeper } from "./keeper/server-keeper.ts";
import { launchServer } from "./launch-server.ts";
import type { Missing } from "./reporting/describe-missing.ts";
import { serverDefinitions } from "./server-definitions.ts";
import type { ServerName } from "./server-definition.ts";
import type { ServerSource, SourceContext } from "./server-source.ts";
import { addressSource } from "./sources/address-source.ts";
import { aptSource } from "./sources/apt-source.ts";
import { cacheSource } from "./sources/cache-source.ts";
import { composeSource } from "./sources/compose-source.ts";
import { goSource } from "./sources/go-source.ts";
import { pathSource } from "./sources/path-source.ts";

/** A server that answers at `url`. */
export interface RunningServer extends AsyncDisposable {
  readonly kind: "running";
  readonly name: ServerName;
  readonly url: string;
  /** Where it came from, for example `"PATH: /usr/bin/redis-server"`. */
  readonly origin: string;
  /** Ends it, if it was started here. */
  stop(): Promise<void>;
}

/** A server that could not be had. */
export type MissingServer = Missing<ServerName>;

/** Options of {@link startServer}. */
export interface StartServerOptions {
  /** @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Where it says what takes long. @default lines on the standard error output */
  readonly say?: ((line: string) => void) | undefined;
  /** Start a server of one's own, even if an environment variable names one that is running. @default false */
  readonly own?: boolean | undefined;
}

const sources: readonly ServerSource[] = [addressSource, pathSource, cacheSource, aptSource, goSource, composeSource];

/**
 * Finds or starts a server for tests. What was started ends with this process, however that ends.
 *
 * @example
 * ```ts
 * const server = await startServer("redis", { own: true });
 * if (server.kind === "missing") throw new Error(server.remedy);
 * await using redis = server;
 * ```
 */
export async function startServer(
  name: ServerName,
  options: StartServerOptions = {},
): Promise<RunningServer | MissingServer> {
  const definition = serverDefinitions[name];
  const environment = options.environment ?? process.env;
  let keeper: Promise<ServerKeeper> | undefined;
  const context: SourceContext = {
    environment,
    cacheDirectory: serverCacheDirectory(environment),
    keeper: () => (keeper ??= ServerKeeper.start()),
    say: options.say ?? ((line) => void process.stderr.write(`test servers: ${line}\n`)),
  };
  const stop = async (): Promise<void> => await (await keeper)?.close();
  const reasons: { source: string; reason: string }[] = [];
  const missing = async (remedy: string, wasAskedFor: boolean): Promise<MissingServer> => {
    await stop();
    return { kind: "missing", name, reasons, wasAskedFor, remedy };
  };
  for (const source of sources) {
    if (options.own === true && source === addressSource) continue;
    try {
      const answer = await source.find(definition, context);
      if (answer.kind === "not-applicable") continue;
      if (answer.kind === "none") {
        reasons.push({ source: source.title, reason: answer.reason });
        if (answer.final === true) {
          return await missing(`Correct ${definition.environmentVariable}, or unset it.`, true);
        }
        continue;
      }
      const origin = answer.kind === "binary" ? `${source.title}: ${answer.path}` : source.title;
      const url = answer.kind === "address" ? answer.url : await launchServer(definition, answer, context);
      return { kind: "running", name, url, origin, stop, [Symbol.asyncDispose]: stop };
    } catch (error) {
      reasons.push({ source: source.title, reason: (error as Error).message });
    }
  }
  return await missing(remedyFor(name), false);
}

function remedyFor(name: ServerName): string {
  const { binary, environmentVariable } = serverDefinitions[name];
  const release = binary.oldest === undefined ? "" : ` (${binary.oldest.version} or later)`;
  const builder = binary.goModule === undefined ? "" : " install Go,";
  return `Put ${binary.command}${release} on PATH,${builder} start Docker, or set ${environmentVariable} to the address of one that runs.`;
}
