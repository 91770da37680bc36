import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { findFreePorts } from "./free-ports.ts";
import type { KeptCommand } from "./keeper/keeper-messages.ts";
import type { KeptProcess, ServerKeeper } from "./keeper/server-keeper.ts";
import { logTail } from "./log-tail.ts";
import { at } from "./server-definition.ts";
import type { ServerDefinition } from "./server-definition.ts";
import type { SourceAnswer, SourceContext } from "./server-source.ts";

const startTimeoutMs = 60_000;
/** A first start in a container may have to fetch the image. */
const containerStartTimeoutMs = 600_000;
const portAttempts = 5;
/** In the words of Redis, NATS, Go, MinIO and Docker. */
const portInUse = /address already in use|port is already (?:in use|allocated)/i;
const composeFile = fileURLToPath(new URL("../../../compose.yaml", import.meta.url));

/**
 * Starts a server on free ports and resolves to its address once it can be used.
 *
 * @throws {Error} with the end of the server's log, if it does not start
 */
export async function launchServer(
  definition: ServerDefinition,
  from: Extract<SourceAnswer, { kind: "binary" | "compose" }>,
  context: SourceContext,
): Promise<string> {
  const keeper = await context.keeper();
  for (let attempt = 1; ; attempt += 1) {
    const ports = await findFreePorts(definition.portCount, definition.extraPortOffset);
    const directory = join(keeper.directory, `${definition.name}-${attempt}`);
    const commands =
      from.kind === "binary"
        ? binaryCommands(definition, from.path, ports, directory)
        : [composeCommand(definition, from.docker, ports, directory)];
    const timeoutMs = from.kind === "binary" ? startTimeoutMs : containerStartTimeoutMs;
    const failed = await startAll(keeper, commands, timeoutMs);
    if (failed === undefined) {
      if (from.kind === "binary") await definition.prepare?.(ports);
      return definition.url(ports);
    }
    const log = await readFile(failed.logFile, "utf8").catch(() => "");
    // Another program has taken the port since we looked: then others will do.
    if (attempt < portAttempts && portInUse.test(log)) continue;
    throw new Error(`${definition.name} ${failed.reason}. The end of its log:\n${await logTail(failed.logFile)}`);
  }
}

/** The processes of a server, as its program is run. */
export function binaryCommands(
  definition: ServerDefinition,
  path: string,
  ports: readonly number[],
  directory: string,
): readonly KeptCommand[] {
  return definition.processes(ports, directory).map((process, index) => ({
    command: process.script === undefined ? path : "/bin/sh",
    arguments: process.script === undefined ? process.arguments : ["-c", process.script, path, ...process.arguments],
    environment: process.environment,
    directory: process.directory,
    logFile: join(directory, `${definition.name}-${index + 1}.log`),
    readyLine: definition.readyLine,
  }));
}

function composeCommand(
  definition: ServerDefinition,
  docker: string,
  ports: readonly number[],
  directory: string,
): KeptCommand {
  const { service, portVariables, readyLine = definition.readyLine } = definition.compose;
  const compose = ["compose", "--file", composeFile, "--project-name", `holdpoint-test-${randomUUID().slice(0, 8)}`];
  return {
    command: docker,
    arguments: [...compose, "up", "--no-log-prefix", service],
    environment: Object.fromEntries(portVariables.map((variable, index) => [variable, String(at(ports, index))])),
    logFile: join(directory, `${definition.name}.log`),
    readyLine,
    // The containers belong to the engine and stay when the client is killed.
    cleanUp: { command: docker, arguments: [...compose, "down", "--volumes", "--timeout", "0"] },
  };
}

/** Resolves to what went wrong with the first process that did not start, with all of them ended, or to `undefined`. */
async function startAll(
  keeper: ServerKeeper,
  commands: readonly KeptCommand[],
  timeoutMs: number,
): Promise<{ readonly reason: string; readonly logFile: string } | undefined> {
  const started = commands.map((command) => ({ command, process: keeper.run(command) }));
  const failures = await Promise.all(
    started.map(async ({ command, process }) => await startFailure(process, command, timeoutMs)),
  );
  const failed = failures.find((failure) => failure !== undefined);
  if (failed !== undefined) await Promise.all(started.map(({ process }) => process.stop()));
  return failed;
}

async function startFailure(
  process: KeptProcess,
  { logFile }: KeptCommand,
  timeoutMs: number,
): Promise<{ readonly reason: string; readonly logFile: string } | undefined> {
  const timer = new AbortController();
  const reason = await Promise.race([
    process.ready.then(() => undefined),
    process.exited.then((exit) => `${exit.reason} before it was ready`),
    sleep(timeoutMs, `was not ready within ${timeoutMs} ms`, { signal: timer.signal }),
  ]);
  timer.abort();
  return reason === undefined ? undefined : { reason, logFile };
}
