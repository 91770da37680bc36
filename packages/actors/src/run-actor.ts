import type { PauseLedger, PauseMetadata } from "@holdpoint/asya";
import type { CheckpointStore } from "@holdpoint/core";
import { checkPauseMetadata, createPauseLedger } from "@holdpoint/asya";
import { parseLosslessJson } from "@holdpoint/core";

import type { ActorEnvironment } from "./actor-environment.ts";
import { inspectActorEnvironment, metadataProblem } from "./actor-environment.ts";
import { createActorLog } from "./actor-log.ts";
import type { ActorHandler } from "./actor-message.ts";
import { actorSocket, freeActorSocket } from "./actor-socket.ts";
import { openConfiguredStore } from "./open-configured-store.ts";
import { serveActor } from "./serve-actor.ts";
import type { Environment } from "./serving-environment.ts";
import { quoteValue } from "./serving-environment.ts";
import type { SetupProblem } from "./setup-error.ts";
import { ActorSetupError } from "./setup-error.ts";
import { settingHints } from "./setting-hints.ts";
import { startOrRefuse } from "./start-or-refuse.ts";

/** How one of the executables makes its handler. */
export type HandlerFactory = (ledger: PauseLedger, environment: ActorEnvironment) => ActorHandler;

/**
 * Runs x-pause or x-resume as this process: reads the environment, opens the store, serves until told to stop. If
 * anything of the environment is wrong, prints one message that lists it all, and ends with exit code 78.
 */
export async function runActor(name: string, createHandler: HandlerFactory): Promise<void> {
  await startOrRefuse(name, async () => {
    const { environment, store, ledger } = await prepareActor(process.env);
    const actor = environment.actorName ?? name;
    const log = createActorLog({ actor });
    log.info("store opened", { backend: store.backend, location: store.location });
    for (const hint of settingHints(process.env, environment.pauseMetadata)) {
      log.warn("a setting looks like a mistake", { ...hint });
    }
    await serveActor(createHandler(ledger, environment), {
      ...environment,
      name: actor,
      log,
      parseJson: parseLosslessJson,
      onClose: () => store.close(),
    });
  });
}

interface Prepared {
  readonly environment: ActorEnvironment;
  readonly store: CheckpointStore;
  readonly ledger: PauseLedger;
}

/**
 * Everything that may be wrong is tried, so that an operator learns of all of it at once.
 *
 * @throws {ActorSetupError}
 */
export async function prepareActor(environment: Environment): Promise<Prepared> {
  const { settings, problems: textProblems } = inspectActorEnvironment(environment);
  const problems: SetupProblem[] = [...textProblems];
  const collect = (error: unknown): undefined => {
    if (!(error instanceof ActorSetupError)) throw error;
    problems.push(...error.problems);
  };
  const { store: setting, socketDirectory, socketName } = settings;
  // Before the store, which may take its time: a process that crashed may have left the promise of being ready.
  await freeActorSocket(actorSocket(socketDirectory, socketName)).catch(collect);
  const store = setting === undefined ? undefined : await openConfiguredStore(setting, environment).catch(collect);
  const ledger =
    store === undefined ? undefined : createConfiguredLedger(store, settings.retentionMs, environment, problems);
  await checkConfiguredMetadata(settings.pauseMetadata, environment).catch(collect);
  if (problems.length === 0 && setting !== undefined && store !== undefined && ledger !== undefined) {
    return { environment: { ...settings, store: setting }, store, ledger };
  }
  await store?.close();
  throw new ActorSetupError(problems);
}

/** @throws {ActorSetupError} */
async function checkConfiguredMetadata(metadata: PauseMetadata | undefined, environment: Environment): Promise<void> {
  if (metadata === undefined) return;
  try {
    await checkPauseMetadata(metadata);
  } catch (error) {
    const expected = "a schema that can be used, and an answer on expiry that fits what is asked";
    throw new ActorSetupError([metadataProblem(environment, (error as Error).message, expected)]);
  }
}

function createConfiguredLedger(
  store: CheckpointStore,
  retentionMs: number | undefined,
  environment: Environment,
  problems: SetupProblem[],
): PauseLedger | undefined {
  try {
    return createPauseLedger(store, { retentionMs });
  } catch (error) {
    const variable = "ASYA_CHECKPOINT_RETENTION";
    const found = quoteValue(environment[variable] ?? "");
    const expected = "a time that the store can keep to, or none";
    problems.push({ variable, found, expected, detail: (error as Error).message });
    return undefined;
  }
}
