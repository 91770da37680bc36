import { ActorSetupError, readStoreSetting } from "@holdpoint/actors";
import type { Environment, SetupProblem } from "@holdpoint/actors";
import type { ConfiguredStore } from "@holdpoint/actors/serving";
import { quoteValue, variableOf } from "@holdpoint/actors/serving";

import { connectorStore } from "./connector-store.ts";
import type { WriteMode } from "./state-mount.ts";

/** What the environment says about a connector. */
export interface ProxyEnvironment {
  /** `CONNECTOR_SOCKET`. */
  readonly socketPath: string;
  /** `ASYA_CHECKPOINT_STORE` or `ASYA_PERSISTENCE_MOUNT`, else the variables of Asya's own connectors. */
  readonly store: ConfiguredStore;
  /** `STATE_MODE`. @default "lww" */
  readonly mode: WriteMode;
  /** `STATE_METRICS_PORT`. @default undefined */
  readonly metricsPort: number | undefined;
}

type Inspected = Omit<ProxyEnvironment, "socketPath" | "store"> & {
  readonly socketPath: string | undefined;
  readonly store: ConfiguredStore | undefined;
};

/**
 * Reads every variable that a connector knows, and says what is wrong instead of throwing. Touches neither disk nor
 * network. Where a socket or a store is missing there is always a problem.
 */
export function inspectProxyEnvironment(environment: Environment): {
  readonly settings: Inspected;
  readonly problems: readonly SetupProblem[];
} {
  const problems: SetupProblem[] = [];
  const settings = {
    socketPath: readSocketPath(environment, problems),
    store: readStore(environment, problems),
    mode: readMode(environment, problems),
    metricsPort: readMetricsPort(environment, problems),
  };
  return { settings, problems };
}

function readSocketPath(environment: Environment, problems: SetupProblem[]): string | undefined {
  const variable = "CONNECTOR_SOCKET";
  const text = variableOf(environment, variable);
  if (text !== undefined && /^\/[^\0]*[^/\0]$/u.test(text)) return text;
  problems.push({
    variable,
    found: text === undefined ? "not set" : quoteValue(text),
    expected: "the path of the socket that the runtime dials, such as /var/run/asya/state/meta.sock",
  });
  return undefined;
}

function readStore(environment: Environment, problems: SetupProblem[]): ConfiguredStore | undefined {
  const own = ["ASYA_CHECKPOINT_STORE", "ASYA_PERSISTENCE_MOUNT"];
  const isOwn = own.some((name) => variableOf(environment, name) !== undefined);
  try {
    const store = isOwn ? readStoreSetting(environment) : connectorStore(environment);
    if (store !== undefined) return store;
    problems.push({
      variable: "ASYA_CHECKPOINT_STORE",
      found: "not set",
      expected:
        "a store's URL (nats://nats:4222/state) or a directory; or the variables of one of Asya's connectors: STATE_BUCKET, REDIS_URL, or NATS_URL with NATS_KV_BUCKET",
    });
  } catch (error) {
    if (!(error instanceof ActorSetupError)) throw error;
    problems.push(...error.problems);
  }
  return undefined;
}

function readMode(environment: Environment, problems: SetupProblem[]): WriteMode {
  const variable = "STATE_MODE";
  const text = variableOf(environment, variable);
  if (text === undefined || text === "lww" || text === "cas") return text ?? "lww";
  problems.push({ variable, found: quoteValue(text), expected: "lww (the last writer wins) or cas" });
  return "lww";
}

function readMetricsPort(environment: Environment, problems: SetupProblem[]): number | undefined {
  const variable = "STATE_METRICS_PORT";
  const text = variableOf(environment, variable);
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  problems.push({ variable, found: quoteValue(text), expected: "a port from 1 to 65535" });
  return undefined;
}
