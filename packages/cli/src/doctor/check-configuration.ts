import { ActorSetupError, readActorEnvironment, readStoreSetting, settingHints } from "@holdpoint/actors";
import type { Environment } from "@holdpoint/actors";
import type { StoreFinding } from "@holdpoint/core";
import { redactStoreUrl } from "@holdpoint/core";
import { installedBackends, settingOf } from "@holdpoint/core/driver";

const subject = "configuration";

/** Where the store is said to be. */
export interface StoreOrigin {
  /** What `openStore` takes; may hold a password. */
  readonly from: string;
  readonly shown: string;
  /** The option or variable that says so. */
  readonly source: string;
}

/** Finds the store's URL, and what is wrong with the actors' variables. Without a URL there is always a problem. */
export function checkConfiguration(
  environment: Environment,
  url: string | undefined,
): { readonly origin: StoreOrigin | undefined; readonly findings: readonly StoreFinding[] } {
  const origin = storeOrigin(environment, url);
  if (!("from" in origin)) return { origin: undefined, findings: problemsOf(origin) };
  const chosen: StoreFinding = { subject, level: "ok", found: `the store is ${origin.shown} (${origin.source})` };
  try {
    // The actors' own variables; which store they use has been said.
    const { pauseMetadata } = readActorEnvironment({ ...environment, ASYA_CHECKPOINT_STORE: "memory:" });
    const hints = settingHints(environment, pauseMetadata).map(({ variable, hint }): StoreFinding => ({
      subject,
      level: "warning",
      found: `${variable}: ${hint.replace(/\.$/u, "")}`,
    }));
    return { origin, findings: [chosen, ...hints] };
  } catch (error) {
    if (!(error instanceof ActorSetupError)) throw error;
    return { origin, findings: [chosen, ...problemsOf(error)] };
  }
}

function storeOrigin(environment: Environment, url: string | undefined): StoreOrigin | ActorSetupError {
  if (url !== undefined) return { from: url, shown: redactStoreUrl(url), source: "--store" };
  try {
    const { from, shown, variable } = readStoreSetting(environment);
    return { from, shown, source: variable };
  } catch (error) {
    if (error instanceof ActorSetupError) return error;
    throw error;
  }
}

function problemsOf({ problems }: ActorSetupError): readonly StoreFinding[] {
  return problems.map(({ variable, found, expected, detail }) => ({
    subject,
    level: "problem",
    found: `${variable}: ${found}`,
    reason: detail ?? "x-pause and x-resume do not start.",
    remedy: `Set it to ${expected}.`,
  }));
}

const actorVariables = ["ASYA_CHECKPOINT_STORE", "ASYA_PERSISTENCE_MOUNT"];

/** The same environment, which remembers what it was asked for. */
export function watchEnvironment(environment: Environment): {
  readonly environment: Environment;
  readonly read: ReadonlySet<string>;
} {
  const read = new Set<string>();
  const watched = new Proxy(environment, {
    get(target, name) {
      if (typeof name === "string") read.add(name);
      return Reflect.get(target, name) as string | undefined;
    },
  });
  return { environment: watched, read };
}

/** Which of the variables that stores know are set, and which of these the store's URL leaves unused. */
export async function checkVariables(
  environment: Environment,
  read: ReadonlySet<string>,
  source: string,
): Promise<readonly StoreFinding[]> {
  const backends = await installedBackends();
  const known = new Set([...actorVariables, ...backends.flatMap(({ variables = [] }) => variables)]);
  const set = [...known].filter((name) => settingOf(environment, name) !== undefined);
  if (set.length === 0) return [];
  const used = set.filter((name) => name === source || read.has(name));
  const unused = set.filter((name) => !used.includes(name));
  const found = [
    used.length === 0 ? "none is used" : `used: ${used.join(", ")}`,
    ...(unused.length === 0 ? [] : [`set, but not used for this store: ${unused.join(", ")}`]),
  ];
  return [{ subject: "variables", level: "ok", found: found.join("; ") }];
}
