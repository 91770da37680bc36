import { parsePauseMetadata } from "@holdpoint/asya";
import type { InputValidation, MergeMode, PauseMetadata } from "@holdpoint/asya";
import { isJsonObject, parseLosslessJson, redactStoreUrl } from "@holdpoint/core";
import type { JsonObject } from "@holdpoint/core";

import { mistypedVariables } from "./mistyped-variables.ts";
import type { ConfiguredStore } from "./open-configured-store.ts";
import { parseDurationMs } from "./parse-duration.ts";
import type { Environment, ServingEnvironment } from "./serving-environment.ts";
import { inspectServingEnvironment, quoteValue, variableOf } from "./serving-environment.ts";
import type { SetupProblem } from "./setup-error.ts";
import { ActorSetupError } from "./setup-error.ts";

/** Where paused messages are kept, and which variable says so. */
export interface StoreSetting extends ConfiguredStore {
  readonly variable: "ASYA_CHECKPOINT_STORE" | "ASYA_PERSISTENCE_MOUNT";
}

const expiresInWords = "a time such as 72h, or seconds as a plain number";
const onExpiryWords = 'cancel, or the input that then counts, such as {"approved":false}';
const alternatives = new Intl.ListFormat("en-GB", { type: "disjunction" });

/** What the environment says about x-pause and x-resume. */
export interface ActorEnvironment extends ServingEnvironment {
  /** `ASYA_CHECKPOINT_STORE`, else `ASYA_PERSISTENCE_MOUNT`. */
  readonly store: StoreSetting;
  /** `ASYA_PAUSE_METADATA`, with `ASYA_PAUSE_EXPIRES_IN` and `ASYA_PAUSE_ON_EXPIRY`. @default undefined */
  readonly pauseMetadata: PauseMetadata | undefined;
  /** `ASYA_RESUME_MERGE_MODE`. @default "shallow" */
  readonly resumeMergeMode: MergeMode;
  /** `ASYA_RESUME_VALIDATION`. @default "off" */
  readonly resumeValidation: InputValidation;
  /** `ASYA_CHECKPOINT_RETENTION`. @default undefined, which keeps what is left of a task until something else removes it */
  readonly retentionMs: number | undefined;
}

/**
 * Reads every variable that x-pause and x-resume know. Touches neither disk nor network.
 *
 * @example
 * ```ts
 * const { store, resumeMergeMode } = readActorEnvironment(process.env);
 * ```
 * @throws {ActorSetupError} that lists every variable that is wrong, what was found there, and what is expected
 */
export function readActorEnvironment(environment: Environment): ActorEnvironment {
  const { settings, problems } = inspectActorEnvironment(environment);
  const { store } = settings;
  if (problems.length > 0 || store === undefined) throw new ActorSetupError(problems);
  return { ...settings, store };
}

/** The same, but says what is wrong instead of throwing. Without a usable store there is always a problem. */
export function inspectActorEnvironment(environment: Environment): {
  readonly settings: Omit<ActorEnvironment, "store"> & { readonly store: StoreSetting | undefined };
  readonly problems: readonly SetupProblem[];
} {
  const serving = inspectServingEnvironment(environment);
  const problems = [...serving.problems];
  const choose = <Word extends string>(variable: string, words: readonly [Word, ...Word[]]): Word => {
    const text = variableOf(environment, variable);
    if (text === undefined) return words[0];
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) problems.push({ variable, found: quoteValue(text), expected: alternatives.format(words) });
    return word ?? words[0];
  };
  const store = readStore(environment, problems);
  const pauseMetadata = readPauseMetadata(environment, problems);
  const retentionMs = readRetention(environment, problems);
  refuseEndActor(environment, problems);
  const settings = {
    ...serving.settings,
    store,
    pauseMetadata,
    retentionMs,
    resumeMergeMode: choose("ASYA_RESUME_MERGE_MODE", ["shallow", "deep"]),
    resumeValidation: choose("ASYA_RESUME_VALIDATION", ["off", "strict", "coerce"]),
  };
  return { settings, problems };
}

/**
 * Reads which store the environment names, and nothing else of it.
 *
 * @example
 * ```ts
 * await using store = await openStore(readStoreSetting(process.env).from);
 * ```
 * @throws {ActorSetupError} if no variable names one, or if what it names cannot be one
 */
export function readStoreSetting(environment: Environment): StoreSetting {
  const problems: SetupProblem[] = [];
  const store = readStore(environment, problems);
  if (store === undefined) throw new ActorSetupError(problems);
  return store;
}

function readStore(environment: Environment, problems: SetupProblem[]): StoreSetting | undefined {
  const url = variableOf(environment, "ASYA_CHECKPOINT_STORE");
  if (url !== undefined) return { variable: "ASYA_CHECKPOINT_STORE", from: url, shown: redactStoreUrl(url) };
  const variable = "ASYA_PERSISTENCE_MOUNT";
  const directory = variableOf(environment, variable);
  if (directory === undefined) {
    const mistyped = mistypedVariables(environment, ["ASYA_CHECKPOINT_STORE", variable]);
    const others = mistyped.map((each) => each.variable);
    problems.push({
      variable: `ASYA_CHECKPOINT_STORE or ${variable}`,
      found: others.length === 0 ? "neither set" : `neither set, but ${others.join(" and ")}`,
      expected: "a store's URL in the first (s3://bucket/prefix) or a mounted directory in the second (/state)",
      detail: "Without storage a paused message would be lost.",
    });
    return undefined;
  }
  // Also without slashes, as in `redis:user:password@host`.
  if (/^[a-z][a-z0-9+.-]*:/iu.test(directory)) {
    problems.push({
      variable,
      found: quoteValue(redactStoreUrl(directory)),
      expected: "a directory; a URL belongs in ASYA_CHECKPOINT_STORE",
    });
    return undefined;
  }
  return { variable, from: directory, shown: redactStoreUrl(directory) };
}

function readPauseMetadata(environment: Environment, problems: SetupProblem[]): PauseMetadata | undefined {
  const text = variableOf(environment, "ASYA_PAUSE_METADATA");
  const expiry = readExpiry(environment, problems);
  if (text === undefined && expiry === undefined) return undefined;
  try {
    return parsePauseMetadata(withExpiry(text, expiry));
  } catch (error) {
    const expected = 'a JSON object such as {"prompt":"Approve?","fields":[{"name":"approved","type":"boolean"}]}';
    problems.push(metadataProblem(environment, (error as Error).message, expected));
    return undefined;
  }
}

/** What is wrong with the metadata, or with one of the variables that add to it. */
export function metadataProblem(environment: Environment, detail: string, expected: string): SetupProblem {
  const own = jsonObjectOf(variableOf(environment, "ASYA_PAUSE_METADATA") ?? "{}");
  const problemOf = (variable: string, expectedThere: string): SetupProblem => ({
    variable,
    found: quoteValue(variableOf(environment, variable) ?? ""),
    expected: expectedThere,
    detail,
  });
  const isOfVariable = (name: string): boolean =>
    detail.startsWith(`${name}:`) && own !== undefined && !Object.hasOwn(own, name);
  if (isOfVariable("on_expiry"))
    return problemOf("ASYA_PAUSE_ON_EXPIRY", `${onExpiryWords}; and when, in ASYA_PAUSE_EXPIRES_IN`);
  if (isOfVariable("expires_in")) return problemOf("ASYA_PAUSE_EXPIRES_IN", expiresInWords);
  return problemOf("ASYA_PAUSE_METADATA", expected);
}

/** What the metadata says itself counts. What is no JSON object is left to its reader, which says so. */
function withExpiry(text = "{}", expiry: object | undefined): string | object {
  try {
    const metadata = parseLosslessJson(text);
    return isJsonObject(metadata) ? { ...expiry, ...metadata } : text;
  } catch {
    return text;
  }
}

/** The expiry of all messages. */
function readExpiry(environment: Environment, problems: SetupProblem[]): object | undefined {
  const expiresIn = variableOf(environment, "ASYA_PAUSE_EXPIRES_IN");
  const onExpiry = variableOf(environment, "ASYA_PAUSE_ON_EXPIRY");
  const refuse = (variable: string, text: string, expected: string): undefined => {
    problems.push({ variable, found: quoteValue(text), expected });
  };
  const expiry: { expires_in?: number; on_expiry?: unknown } = {};
  if (expiresIn !== undefined) {
    const ms = parseDurationMs(expiresIn);
    if (ms === undefined || ms <= 0) {
      return refuse("ASYA_PAUSE_EXPIRES_IN", expiresIn, expiresInWords);
    }
    expiry.expires_in = ms / 1_000;
  }
  if (onExpiry !== undefined) {
    const answer = onExpiry === "cancel" ? onExpiry : jsonObjectOf(onExpiry);
    if (answer === undefined) {
      return refuse("ASYA_PAUSE_ON_EXPIRY", onExpiry, onExpiryWords);
    }
    expiry.on_expiry = answer;
  }
  return Object.keys(expiry).length === 0 ? undefined : expiry;
}

function jsonObjectOf(text: string): JsonObject | undefined {
  try {
    const value = parseLosslessJson(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readRetention(environment: Environment, problems: SetupProblem[]): number | undefined {
  const variable = "ASYA_CHECKPOINT_RETENTION";
  const text = variableOf(environment, variable);
  if (text === undefined) return undefined;
  const retentionMs = parseDurationMs(text);
  if (retentionMs !== undefined && retentionMs >= 1 && retentionMs <= Number.MAX_SAFE_INTEGER) {
    return Math.round(retentionMs);
  }
  problems.push({ variable, found: quoteValue(text), expected: "a time such as 720h, or seconds as a plain number" });
  return undefined;
}

// As an end actor the sidecar would report every message as the task's end, and the task could never go on.
function refuseEndActor(environment: Environment, problems: SetupProblem[]): void {
  const variable = "ASYA_IS_END_ACTOR";
  const text = variableOf(environment, variable);
  if (text === undefined || /^(?:false|f|0|no|off)$/iu.test(text)) return;
  problems.push({
    variable,
    found: quoteValue(text),
    expected: "false, or not set: x-pause and x-resume end no pipeline",
  });
}
