import { basename } from "node:path";

import { ActorSetupError, createActorLog } from "@holdpoint/actors";
import type { Environment, SetupProblem } from "@holdpoint/actors";
import { freeSocket, mistypedVariables, openConfiguredStore, startOrRefuse } from "@holdpoint/actors/serving";
import type { CheckpointStore } from "@holdpoint/core";

import { connectorVariables } from "./connector-store.ts";
import type { ProxyEnvironment } from "./proxy-environment.ts";
import { inspectProxyEnvironment } from "./proxy-environment.ts";
import { serveStateProxy } from "./serve-state-proxy.ts";

/** Every variable of a connector; those of its store's SDK have names of their own. */
const knownVariables = [
  "CONNECTOR_SOCKET",
  "ASYA_CHECKPOINT_STORE",
  "ASYA_PERSISTENCE_MOUNT",
  "STATE_BUCKET",
  "STATE_KV_BUCKET",
  "STATE_METRICS_PORT",
  "STATE_MODE",
  "STATE_NATS_URL",
  "STATE_PREFIX",
];

/**
 * Runs a connector as this process: reads the environment, opens the store, serves until told to stop. If anything of
 * the environment is wrong, prints one message that lists it all, and ends with exit code 78.
 */
export async function runStateProxy(): Promise<void> {
  await startOrRefuse("state-proxy", async () => {
    const { environment, store } = await prepareStateProxy(process.env);
    const { socketPath, mode, metricsPort } = environment;
    const log = createActorLog({ actor: "state-proxy", mount: basename(socketPath, ".sock") });
    log.info("store opened", { backend: store.backend, location: store.location });
    for (const hint of mistypedVariables(process.env, knownVariables)) {
      log.warn("a setting looks like a mistake", { ...hint });
    }
    await serveStateProxy(store, { socketPath, mode, metricsPort, log });
  });
}

/**
 * Everything that may be wrong is tried, so that an operator learns of all of it at once.
 *
 * @throws {ActorSetupError}
 */
async function prepareStateProxy(
  variables: Environment,
): Promise<{ readonly environment: ProxyEnvironment; readonly store: CheckpointStore }> {
  const { settings, problems: textProblems } = inspectProxyEnvironment(variables);
  const problems: SetupProblem[] = [...textProblems];
  const collect = (error: unknown): undefined => {
    if (!(error instanceof ActorSetupError)) throw error;
    problems.push(...error.problems);
  };
  const { socketPath, store: setting } = settings;
  if (socketPath !== undefined) await freeSocket(socketPath, "CONNECTOR_SOCKET").catch(collect);
  const store =
    setting === undefined
      ? undefined
      : await openConfiguredStore(setting, connectorVariables(variables)).catch(collect);
  if (problems.length === 0 && socketPath !== undefined && setting !== undefined && store !== undefined) {
    return { environment: { ...settings, socketPath, store: setting }, store };
  }
  await store?.close();
  throw new ActorSetupError(problems);
}
