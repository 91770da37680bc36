import { redactCredentials } from "@holdpoint/core";

import { escapeJsonControls } from "./escape-json-controls.ts";

/** Facts that go into a log line. Never a payload, never a credential. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes what happens, one JSON object a line. */
export interface ActorLog {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Options of {@link createActorLog}. */
export interface ActorLogOptions {
  /**
   * Where a finished line goes, without its line break.
   *
   * @default standard error, so that standard output stays the handler's own
   */
  readonly write?: ((line: string) => void) | undefined;
}

/**
 * A log whose every line has `time`, `level`, `actor` and `event`, and then the fields given.
 *
 * @example
 * ```ts
 * const log = createActorLog({ actor: "summarizer" });
 * log.info("model answered", { taskId: "task-1", durationMs: 812 });
 * ```
 */
export function createActorLog(common: LogFields, options: ActorLogOptions = {}): ActorLog {
  // Written at once rather than through a stream's buffer, so that the last lines before a crash are there.
  const { write = (line) => void process.stderr.write(`${line}\n`) } = options;
  const { actor, ...rest } = common;
  const writer =
    (level: "info" | "warn" | "error") =>
    (event: string, fields: LogFields = {}): void => {
      const head = { time: new Date().toISOString(), level, actor, event };
      // Named twice: first for its place in the line, then so that no field takes its place.
      write(
        logLine({ ...head, ...rest, ...withoutPasswords(fields), ...head }) ??
          logLine({ ...head, ...rest, fields: "not JSON" }) ??
          event,
      );
    };
  return { info: writer("info"), warn: writer("warn"), error: writer("error") };
}

/** The texts that tell of a failure may repeat what somebody else was given: an SDK, a driver, a server. */
function withoutPasswords(fields: LogFields): LogFields {
  const { error } = fields;
  return typeof error === "string" ? { ...fields, error: redactCredentials(error) } : fields;
}

/** `undefined` for what is no JSON: a log line must not fail the work that it tells of. */
function logLine(fields: LogFields): string | undefined {
  try {
    return escapeJsonControls(
      JSON.stringify(fields, (_name, value: unknown) => (typeof value === "bigint" ? String(value) : value)),
    );
  } catch {
    return undefined;
  }
}

/** A log that adds fields to every line of another; a field that a line gives itself wins. */
export function extendLog(log: ActorLog, common: LogFields): ActorLog {
  return {
    info: (event, fields) => log.info(event, { ...common, ...fields }),
    warn: (event, fields) => log.warn(event, { ...common, ...fields }),
    error: (event, fields) => log.error(event, { ...common, ...fields }),
  };
}
