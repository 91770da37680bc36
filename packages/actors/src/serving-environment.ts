import { redactCredentials } from "@holdpoint/core";

import { escapeJsonControls } from "./escape-json-controls.ts";
import { parseDurationMs } from "./parse-duration.ts";
import type { SetupProblem } from "./setup-error.ts";
import { ActorSetupError } from "./setup-error.ts";

/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says about how an actor is served, whatever it does. */
export interface ServingEnvironment {
  /** `ASYA_ACTOR_NAME`. @default undefined */
  readonly actorName: string | undefined;
  /** `ASYA_SOCKET_DIR`. @default "/var/run/asya" */
  readonly socketDirectory: string;
  /** `ASYA_SOCKET_NAME`. @default "asya-runtime.sock" */
  readonly socketName: string;
  /** `ASYA_SOCKET_CHMOD`. @default 0o666 */
  readonly socketMode: number;
  /** `ASYA_RESILIENCY_ACTOR_TIMEOUT`. @default five minutes */
  readonly actorTimeoutMs: number;
}

/**
 * The values of variables that people set for us, any of which may hold a password by mistake.
 *
 * @example
 * ```ts
 * const shown = redactCredentials(message, storeValuesOf(process.env));
 * ```
 */
export function storeValuesOf(environment: Environment): readonly string[] {
  const names = /^(?:ASYA_|STATE_|REDIS_|NATS_|AWS_ENDPOINT|STORAGE_|MINIO_)/u;
  return Object.entries(environment).flatMap(([name, value = ""]) => (names.test(name) ? value : []));
}

/**
 * A variable's value. One that is empty, as a template without a value leaves it, counts as not set.
 *
 * @example
 * ```ts
 * const mode = variableOf(process.env, "STATE_MODE") ?? "lww";
 * ```
 */
export function variableOf(environment: Environment, name: string): string | undefined {
  const text = environment[name]?.trim();
  return text === "" ? undefined : text;
}

/**
 * A value as it is shown to the operator: quoted, without a password, and not longer than a line.
 *
 * @example
 * ```ts
 * quoteValue("redis://:hunter2@host"); // '"redis://***@host"'
 * ```
 */
export function quoteValue(text: string): string {
  // Before it is cut, since the cut may take away what tells a password.
  const shown = redactCredentials(text, [text]);
  return escapeJsonControls(JSON.stringify(shown.length > 80 ? `${shown.slice(0, 79)}…` : shown));
}

/** Reads what concerns serving, and says what is wrong with it instead of throwing. */
export function inspectServingEnvironment(environment: Environment): {
  readonly settings: ServingEnvironment;
  readonly problems: readonly SetupProblem[];
} {
  const problems: SetupProblem[] = [];
  const read = <Value>(
    variable: string,
    fallback: Value,
    expected: string,
    parse: (text: string) => Value | undefined,
  ): Value => {
    const text = variableOf(environment, variable);
    if (text === undefined) return fallback;
    const value = parse(text);
    if (value === undefined) problems.push({ variable, found: quoteValue(text), expected });
    return value ?? fallback;
  };
  const settings: ServingEnvironment = {
    actorName: variableOf(environment, "ASYA_ACTOR_NAME"),
    socketDirectory: read("ASYA_SOCKET_DIR", "/var/run/asya", "an absolute path", (text) =>
      text.startsWith("/") ? text : undefined,
    ),
    socketName: read(
      "ASYA_SOCKET_NAME",
      "asya-runtime.sock",
      "a file name without a slash, other than runtime-ready, which is the file beside it",
      (text) => (/[/\0]|^\.\.?$|^runtime-ready$/u.test(text) ? undefined : text),
    ),
    socketMode: read("ASYA_SOCKET_CHMOD", 0o666, "an octal mode such as 0o666", (text) =>
      /^(?:0o)?[0-7]{1,4}$/iu.test(text) ? Number.parseInt(text.replace(/^0o/iu, ""), 8) : undefined,
    ),
    actorTimeoutMs: read(
      "ASYA_RESILIENCY_ACTOR_TIMEOUT",
      300_000,
      "a time longer than nothing, such as 5m, 1h30m, or seconds as a plain number",
      (text) => {
        const durationMs = parseDurationMs(text);
        return durationMs !== undefined && durationMs > 0 ? durationMs : undefined;
      },
    ),
  };
  return { settings, problems };
}

/**
 * Reads what concerns serving.
 *
 * @throws {ActorSetupError} that lists every variable that is wrong
 */
export function readServingEnvironment(environment: Environment): ServingEnvironment {
  const { settings, problems } = inspectServingEnvironment(environment);
  if (problems.length > 0) throw new ActorSetupError(problems);
  return settings;
}
